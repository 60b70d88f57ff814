import type { Profiles } from '@tvm/core/anomaly/ports.ts';
import type { Profile } from '@tvm/core/anomaly/profile.ts';
import type { RecentBehaviour } from '@tvm/core/issuing/ports.ts';
import type { AuditFact } from '@tvm/core/records/audit-fact.ts';
import type { AuditFacts, SubjectStatuses, TokenIndex, TokenRecords } from '@tvm/core/records/ports.ts';
import { isInForce, type SubjectStatus } from '@tvm/core/records/subject-status.ts';
import { denialOf, type IssuedRecord, type TokenRecord } from '@tvm/core/records/token-record.ts';
import { type IndexEntry, indexEntries } from '@tvm/core/records/token-selector.ts';
import type { Continuations, RevocationRequests } from '@tvm/core/revocation/requests/ports.ts';
import type { RevocationState } from '@tvm/core/revocation/requests/revocation-request.ts';
import type { StatusIndexes } from '@tvm/core/status-lists/ports.ts';
import type { Retries } from '#lambdas/middleware/queue-handler.ts';

export interface InMemoryRecords extends TokenRecords {
  /** All records, in the order of their creation. */
  states: Map<string, TokenRecord>;
  /** The IDs of tokens that are stored but not yet in the index. */
  pending: Set<string>;
}

/** Does nothing, or lets other calls run between two reads or writes of one call. */
type Pause = () => Promise<void>;

/** Token records in memory. @param pause called between the two writes of a token */
export function inMemoryRecords(pause: Pause = async () => {}): InMemoryRecords {
  const states = new Map<string, TokenRecord>();
  const pending = new Set<string>();
  const used = new Set<string>();
  let puts = 0;
  const issued = (tokenId: string): IssuedRecord | undefined => {
    const record = states.get(tokenId);
    return record?.status === 'issued' ? record : undefined;
  };
  return {
    states,
    pending,
    async put(record) {
      if (states.has(record.tokenId)) throw new Error('a record with this ID exists');
      const writes: (() => unknown)[] = [() => states.set(record.tokenId, record)];
      if (record.status === 'issued') writes.push(() => pending.add(record.tokenId));
      // The writes are not in a transaction, so either may come first.
      if (++puts % 2 === 0) writes.reverse();
      for (const [index, write] of writes.entries()) {
        if (index > 0) await pause();
        write();
      }
    },
    async putOnce(record, { key }) {
      if (used.has(key)) return false;
      if (states.has(record.tokenId)) throw new Error('a record with this ID exists');
      used.add(key);
      states.set(record.tokenId, record);
      pending.add(record.tokenId);
      return true;
    },
    async markFailed(tokenId, failed) {
      const record = issued(tokenId);
      if (record) states.set(tokenId, { ...record, status: 'failed', ...failed });
    },
    async get(tokenId) {
      return states.get(tokenId);
    },
    async getMany(tokenIds) {
      return tokenIds.flatMap((tokenId) => states.get(tokenId) ?? []);
    },
    async revoke(tokenId, revocation) {
      const record = states.get(tokenId);
      if (record?.status === 'issued' && record.expiresAt > revocation.revokedAt) {
        states.set(tokenId, { ...record, status: 'revoked', ...revocation });
        return revocation;
      }
      return record?.status === 'revoked' ? record : undefined;
    },
    async expire(tokenId, now) {
      const record = issued(tokenId);
      if (!record || record.expiresAt > now) return false;
      states.set(tokenId, { ...record, status: 'expired' });
      return true;
    },
  };
}

/** Subject statuses in memory. */
export function inMemorySubjectStatuses(): SubjectStatuses {
  const subjectStatuses = new Map<string, SubjectStatus>();
  const of = (subject: string) => subjectStatuses.get(subject) ?? {};
  return {
    async get(subject) {
      return of(subject);
    },
    async raise(subject, revokedBefore) {
      const now = Math.max(revokedBefore, of(subject).revokedBefore ?? 0);
      subjectStatuses.set(subject, { ...of(subject), revokedBefore: now });
    },
    async block(subject, block) {
      const subjectStatus = of(subject);
      if (subjectStatus.block !== undefined && subjectStatus.block.until >= block.until)
        return subjectStatus.block.until;
      subjectStatuses.set(subject, { ...subjectStatus, block });
      return block.until;
    },
    async unblock(subject, lifted) {
      const { block, ...subjectStatus } = of(subject);
      if (!isInForce(block, lifted.at)) return false;
      subjectStatuses.set(subject, subjectStatus);
      return true;
    },
    async limit(subject, limit) {
      subjectStatuses.set(subject, { ...of(subject), limit });
    },
  };
}

/** The recent behaviour of callers, counted in their records in memory. */
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

const nameOf = ({ dimension, value }: IndexEntry) => `${dimension}#${value}`;

/**
 * The index of records in memory.
 *
 * @param records the records, with the set of pending tokens
 * @param pause called between the reads, and writes, of pending tokens and of other tokens
 */
export function inMemoryIndex(
  { states, pending }: InMemoryRecords = inMemoryRecords(),
  pause: Pause = async () => {},
): TokenIndex {
  const entries = new Map<string, Map<string, string>>();
  const positionOf = (time: number, tokenId: string) => `${String(time).padStart(15, '0')}#${tokenId}`;
  return {
    async add(record) {
      const kind = denialOf(record) === undefined ? 'issued' : 'denied';
      for (const entry of indexEntries(record)) {
        const partition = `${kind}#${nameOf(entry)}`;
        const ids = entries.get(partition) ?? new Map();
        ids.set(positionOf(record.decidedAt, record.tokenId), record.tokenId);
        entries.set(partition, ids);
      }
      await pause();
      pending.delete(record.tokenId);
    },
    async page({ kinds, at, since, until, position, limit }) {
      const found = new Map<string, string>();
      for (const tokenId of kinds.includes('issued') ? pending : []) {
        const record = states.get(tokenId);
        if (record !== undefined) found.set(positionOf(record.decidedAt, tokenId), tokenId);
      }
      await pause();
      for (const kind of kinds) {
        for (const entry of at) for (const one of entries.get(`${kind}#${nameOf(entry)}`) ?? []) found.set(...one);
      }
      const within = [...found.keys()]
        .filter((own) => own >= positionOf(since, '') && own < positionOf(until + 1, ''))
        .filter((own) => position === undefined || own < position)
        .sort()
        .reverse();
      const page = within.slice(0, limit);
      const next = within.length > limit ? page.at(-1) : undefined;
      return { tokenIds: page.map((own) => found.get(own) ?? ''), ...(next !== undefined && { next }) };
    },
  };
}

/** Revocation requests in memory. */
export function inMemoryRevocationRequests(): RevocationRequests {
  const orders = new Map<string, RevocationState>();
  return {
    async submit(order) {
      const state = orders.get(order.revocationId) ?? { ...order, revoked: 0 };
      orders.set(order.revocationId, state);
      return state;
    },
    async get(revocationId) {
      return orders.get(revocationId);
    },
    async advance(revocationId, from, progress) {
      const state = orders.get(revocationId);
      if (state === undefined || state.completedAt !== undefined || state.position !== from) return false;
      const { position, ...rest } = state;
      orders.set(revocationId, { ...rest, ...progress });
      return true;
    },
  };
}

/** Status list indexes in ascending order. @param size of a list */
export function countingStatusIndexes(size = 1_000_000): StatusIndexes {
  let taken = -1;
  return {
    async take() {
      taken++;
      return { list: Math.floor(taken / size) + 1, index: taken % size };
    },
  };
}

/** Scheduled continuations of revocations, in memory, in the order of their arrival; `after` in seconds. */
export function inMemoryContinuations(): Continuations & { waiting: { revocationId: string; after: number }[] } {
  const waiting: { revocationId: string; after: number }[] = [];
  return {
    waiting,
    async schedule(revocationId, after) {
      waiting.push({ revocationId, after });
    },
  };
}

/** Messages to deliver again, in memory, in the order of their arrival. */
export function inMemoryRetries(): Retries & { retried: { receiptHandle: string; seconds: number }[] } {
  const retried: { receiptHandle: string; seconds: number }[] = [];
  return {
    retried,
    async after(_queueArn, messages) {
      retried.push(...messages);
    },
  };
}

/** Audit facts in memory, by ID. */
export function inMemoryFacts(): AuditFacts & { facts: Map<string, AuditFact> } {
  const facts = new Map<string, AuditFact>();
  return {
    facts,
    async put(id, fact) {
      const isNew = !facts.has(id);
      if (isNew) facts.set(id, fact);
      return isNew;
    },
  };
}

/** Profiles of workloads in memory. */
export function inMemoryProfiles(): Profiles {
  const profiles = new Map<string, { profile: Profile; version: number }>();
  return {
    async get(of) {
      return structuredClone(profiles.get(of));
    },
    async put(of, profile, version) {
      const before = profiles.get(of);
      if (before !== undefined && before.version !== version) return false;
      profiles.set(of, structuredClone({ profile, version: version + 1 }));
      return true;
    },
  };
}
