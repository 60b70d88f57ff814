import type { Deployment, Deployments } from '@tvm/core/audit/ports.ts';
import type { Introspections } from '@tvm/core/records/audit-fact.ts';
import type { ExpiringTokens } from '@tvm/core/records/ports.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import type { IntrospectionCounts } from '@tvm/core/verification/ports.ts';

const MINUTE = 60_000;

/** Counts of introspections in memory. `counts` returns all of them. */
export function inMemoryIntrospections(): IntrospectionCounts & { counts: () => Introspections[] } {
  const counted = new Map<string, Introspections>();
  return {
    counts: () => [...counted.values()],
    async add(introspection, at) {
      const minute = at - (at % MINUTE);
      const key = [introspection.tokenId, minute, introspection.result, introspection.by].join();
      counted.set(key, { ...introspection, minute, last: at, count: (counted.get(key)?.count ?? 0) + 1 });
    },
  };
}

/** The expired tokens that are not yet marked as expired, from the records in memory. */
export function inMemoryExpiring({ states }: { states: ReadonlyMap<string, TokenRecord> }): ExpiringTokens {
  let sweptTo: number | undefined;
  return {
    async *within(minute, until) {
      const due = [...states.values()].filter(
        (record) =>
          record.status === 'issued' &&
          record.expiresAt - (record.expiresAt % MINUTE) === minute &&
          record.expiresAt <= until,
      );
      for (const { tokenId } of due) yield [tokenId];
    },
    async sweptTo() {
      return sweptTo;
    },
    async advance(minute) {
      sweptTo = Math.max(minute, sweptTo ?? minute);
    },
  };
}

/** The most recent deployment, in memory. */
export function inMemoryDeployments(): Deployments {
  let last: (Deployment & { version: number }) | undefined;
  return {
    async last() {
      return last;
    },
    async replace(version, deployment) {
      if ((last?.version ?? 0) === version) last = { ...deployment, version: version + 1 };
    },
  };
}
