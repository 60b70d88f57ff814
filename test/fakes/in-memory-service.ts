import type { TokenRequest } from '@tvm/contract/token.ts';
import type { IssuingRules } from '@tvm/core/issuing/decision-record.ts';
import { type Authenticated, type IssueTokenPorts, issueToken } from '@tvm/core/issuing/issue-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import type { Algorithm, VerificationKeys } from '@tvm/core/keys/ports.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { namedTargets } from '@tvm/core/policy/named-targets.ts';
import type { Clock } from '@tvm/core/ports.ts';
import type { ExpiringTokens, TokenIndex } from '@tvm/core/records/ports.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import type { RevocationRequests } from '@tvm/core/revocation/requests/ports.ts';
import type { UnknownTargetRules } from '@tvm/core/revocation/requests/unknown-target.ts';
import {
  countingStatusIndexes,
  inMemoryBehaviour,
  inMemoryContinuations,
  inMemoryFacts,
  inMemoryIndex,
  inMemoryRecords,
  inMemoryRetries,
  inMemoryRevocationRequests,
  inMemorySubjectStatuses,
} from './in-memory-records.ts';
import { inMemoryExpiring, inMemoryIntrospections } from './in-memory-upkeep.ts';
import { localKeys } from './local-keys.ts';
import { policyBundle } from './policies.ts';

export const SUBJECT = 'arn:aws:iam::111122223333:role/orders-service';
export const ISSUER = 'https://tokens.example.com';

/** A clock that stands still until a test sets it. In milliseconds since the epoch. */
export function clockAt(time: number): Clock & { time: number } {
  return {
    time,
    now() {
      return this.time;
    },
  };
}

/** IDs in a known order: valid UUIDs that count up. */
export function countingIds() {
  let count = 0;
  return { next: () => `0000000${(++count).toString(16)}-0000-4000-8000-000000000000`.slice(-36) };
}

/** Policies with `@id`, `permit` and `forbid`, as in a policy file. */
export const POLICIES = `
@id("reads-orders")
permit (principal == Workload::"${SUBJECT}", action == Action::"read", resource in Resource::"orders-db")
when { context.audience == "orders-db" };

@id("writes-shipments")
permit (principal == Workload::"${SUBJECT}", action == Action::"write", resource == Resource::"orders-db/shipments")
when { context.lifetime <= 300 };

@id("no-card-numbers")
forbid (principal, action in [Action::"read", Action::"write"], resource in Resource::"orders-db/payments")
when { context.fields.all || context.fields.names.contains("card_number") };
`;

/** The targets that a deployment with these policies names, and its retention of records in seconds. */
export const targets: UnknownTargetRules = {
  named: namedTargets(policyBundle(POLICIES), ['reports']),
  retention: 7_776_000,
};

export const rules: IssuingRules = {
  issuer: ISSUER,
  defaultLifetime: 900,
  defaultWriteLifetime: 300,
  maxLifetime: 3600,
  recordRetention: 86_400,
};

export const from: Exclude<Authenticated, { federated: unknown }> = {
  userArn: 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0abc',
  account: '111122223333',
  sourceIp: '203.0.113.7',
  requestId: 'request-1',
};

export function asking(change: Partial<TokenRequest> = {}): TokenRequest {
  return {
    grant_type: 'client_credentials',
    audience: 'orders-db',
    authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }],
    ...change,
  };
}

/** All of TVM, in memory. */
export async function inMemoryService(
  algorithm: Algorithm = 'ES256',
  bundle = policyBundle(POLICIES),
): Promise<
  IssueTokenPorts & {
    keys: VerificationKeys;
    records: ReturnType<typeof inMemoryRecords>;
    index: TokenIndex;
    orders: RevocationRequests;
    continuations: ReturnType<typeof inMemoryContinuations>;
    retries: ReturnType<typeof inMemoryRetries>;
    facts: ReturnType<typeof inMemoryFacts>;
    introspections: ReturnType<typeof inMemoryIntrospections>;
    uncounted(fault: unknown): void;
    expiring: ExpiringTokens;
    clock: ReturnType<typeof clockAt>;
  }
> {
  const records = inMemoryRecords();
  const clock = clockAt(Date.UTC(2026, 0, 1, 12, 0, 0, 500));
  return {
    ...(await localKeys(algorithm)),
    policies: policyDecisionPoint(bundle),
    conditions: [],
    behaviour: inMemoryBehaviour(records),
    records,
    subjectStatuses: inMemorySubjectStatuses(),
    statusIndexes: countingStatusIndexes(),
    index: inMemoryIndex(records),
    restricted: recentSubjects(clock),
    orders: inMemoryRevocationRequests(),
    continuations: inMemoryContinuations(),
    retries: inMemoryRetries(),
    facts: inMemoryFacts(),
    introspections: inMemoryIntrospections(),
    uncounted(fault) {
      throw fault;
    },
    expiring: inMemoryExpiring(records),
    clock,
    ids: countingIds(),
  };
}

/** Returns the record that a request creates. */
export async function recordOf(request = asking()): Promise<TokenRecord> {
  const tvm = await inMemoryService();
  await issueToken(request, from, rules, tvm);
  const [record] = tvm.records.states.values();
  if (record === undefined) throw new Error('no record');
  return record;
}
