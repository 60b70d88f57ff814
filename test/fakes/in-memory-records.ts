import type { RecentBehaviour, SubjectWatermarks, TokenRecords } from '../../core/ports.ts';
import type { IssuedRecord, TokenRecord } from '../../core/token-record.ts';

/** Token records in memory. `states` shows them all, in the order they were put. */
export function inMemoryRecords(): TokenRecords & { states: Map<string, TokenRecord> } {
  const states = new Map<string, TokenRecord>();
  const issued = (tokenId: string): IssuedRecord | undefined => {
    const record = states.get(tokenId);
    return record?.status === 'issued' ? record : undefined;
  };
  return {
    states,
    async put(record) {
      if (states.has(record.tokenId)) throw new Error('there is a record with this id');
      states.set(record.tokenId, record);
    },
    async markFailed(tokenId, failed) {
      const record = issued(tokenId);
      if (record) states.set(tokenId, { ...record, status: 'failed', ...failed });
    },
    async get(tokenId) {
      return states.get(tokenId);
    },
    async revoke(tokenId, revocation) {
      const record = issued(tokenId);
      if (!record || record.expiresAt <= revocation.revokedAt) return false;
      states.set(tokenId, { ...record, status: 'revoked', ...revocation });
      return true;
    },
    async *openTokens(subject, at) {
      const vended = [...states.values()].filter((record) => record.status !== 'denied');
      const open = vended.filter(({ decidedAt, expiresAt }) => decidedAt <= at && expiresAt > at);
      yield open.filter((record) => record.subject === subject).map(({ tokenId }) => tokenId);
    },
  };
}

/** Subjects' watermarks in memory. */
export function inMemoryWatermarks(): SubjectWatermarks {
  const watermarks = new Map<string, number>();
  return {
    async get(subject) {
      return watermarks.get(subject);
    },
    async raise(subject, revokedBefore) {
      watermarks.set(subject, Math.max(revokedBefore, watermarks.get(subject) ?? 0));
    },
  };
}

/** What callers did lately, counted in their records. */
export function inMemoryBehaviour({ states }: { states: ReadonlyMap<string, TokenRecord> }): RecentBehaviour {
  return {
    async of(subject, now) {
      const own = [...states.values()].filter((record) => record.subject === subject);
      const lately = own.filter(({ decidedAt }) => decidedAt > now - 5 * 60_000);
      const denied = lately.filter(({ status }) => status === 'denied').length;
      const active = own.filter((record) => record.status !== 'denied' && record.expiresAt > now).length;
      return { issued: lately.length - denied, denied, active };
    },
  };
}
