import type { TokenLifeResponse } from '@tvm/contract/token-list.ts';
import type { Clock } from '../ports.ts';
import type { AuditFact, Introspections } from '../records/audit-fact.ts';
import type { TokenRecords } from '../records/ports.ts';
import type { TokenRecord } from '../records/token-record.ts';
import { statusListUri } from '../status-lists/status-list.ts';
import { iso, listedToken } from './listed-token.ts';
import type { TokenTraces } from './ports.ts';

export interface TokenLifePorts {
  records: TokenRecords;
  traces: TokenTraces;
  clock: Clock;
}

export type TokenLifeOutcome = { kind: 'life'; life: TokenLifeResponse } | { kind: 'not_found'; what: 'token' };

/**
 * Returns the history of a token or a denial: the request, the decision, the introspections, the uses and the end.
 *
 * @param issuer the URL of the service
 */
export async function tokenLife(
  tokenId: string,
  issuer: string,
  { records, traces, clock }: TokenLifePorts,
): Promise<TokenLifeOutcome> {
  const [record, { introspections, facts, more }] = await Promise.all([records.get(tokenId), traces.of(tokenId)]);
  if (record === undefined) return { kind: 'not_found', what: 'token' };
  const life: TokenLifeResponse = {
    ...listedToken(record, clock.now(), issuer),
    account: record.account,
    ...(record.claims && { claims: record.claims }),
    ...(record.chosenClaims && { chosen_claims: record.chosenClaims }),
    request_id: record.requestId,
    ...decision(record, issuer),
    introspections: introspectionsOf(introspections),
    uses: usesOf(facts),
    ...(more && { more: true as const }),
  };
  return { kind: 'life', life };
}

function decision(record: TokenRecord, issuer: string): Partial<TokenLifeResponse> {
  const { requested, conditions, policyErrors } = record;
  return {
    ...(requested && { requested }),
    ...(conditions && { conditions }),
    ...(policyErrors && { policy_errors: policyErrors }),
    ...(record.status === 'denied' && record.refusedProof && { refused_proof: record.refusedProof }),
    ...(record.status !== 'denied' && {
      key_id: record.keyId,
      ...(record.obligations && { obligations: record.obligations }),
      status_list: { idx: record.statusList.index, uri: statusListUri(issuer, record.statusList.list) },
    }),
    ...(record.status === 'failed' && { failed_at: iso(record.failedAt) }),
    ...(record.status === 'revoked' && record.revocationId && { revocation_id: record.revocationId }),
  };
}

/** The first time, the last time and the number of equal entries. Times are in milliseconds. */
interface Times {
  from: number;
  to: number;
  count: number;
}

/** Aggregates the introspections over all minutes, by resource server and result. */
function introspectionsOf(introspections: readonly Introspections[]): TokenLifeResponse['introspections'] {
  const entries = introspections.map(({ by, result, minute, last, count }) => ({
    what: { by, result },
    times: { from: minute, to: last, count },
  }));
  return aggregate(entries);
}

/** Aggregates the reported uses by resource server, action, location and outcome. */
function usesOf(facts: readonly AuditFact[]): TokenLifeResponse['uses'] {
  const uses = facts.flatMap(({ detailType, detail }) => {
    if (detailType !== 'Token Used') return [];
    const { by, action, location, outcome, time } = detail;
    const at = Date.parse(time);
    return { what: { by, action, location, outcome }, times: { from: at, to: at, count: 1 } };
  });
  return aggregate(uses);
}

/** Combines equal entries, and sorts them by their last time, the latest first. */
function aggregate<What extends object>(
  entries: readonly { what: What; times: Times }[],
): (What & { from: string; to: string; count: number })[] {
  const all = new Map<string, { what: What; times: Times }>();
  for (const { what, times } of entries) {
    const key = JSON.stringify(what);
    const before = all.get(key)?.times ?? times;
    const count = all.has(key) ? before.count + times.count : times.count;
    const from = Math.min(before.from, times.from);
    all.set(key, { what, times: { from, to: Math.max(before.to, times.to), count } });
  }
  return [...all.values()]
    .sort((a, b) => b.times.to - a.times.to)
    .map(({ what, times: { from, to, count } }) => ({ ...what, from: iso(from), to: iso(to), count }));
}
