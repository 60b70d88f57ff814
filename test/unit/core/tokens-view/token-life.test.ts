import { tokenLifeResponse } from '@tvm/contract/token-list.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import type { Introspections } from '@tvm/core/records/audit-fact.ts';
import { tokenLife } from '@tvm/core/tokens-view/token-life.ts';
import { expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { inMemoryTraces } from '#test/fakes/tokens-view.ts';

const SERVER = 'arn:aws:iam::111122223333:role/orders-db';

async function issued(request = asking()) {
  const tvm = await inMemoryService();
  await issueToken(request, from, rules, tvm);
  const [tokenId = ''] = tvm.records.states.keys();
  return { tvm, tokenId };
}

const lifeOf = async (outcome: ReturnType<typeof tokenLife>) => {
  const reached = await outcome;
  if (reached.kind !== 'life') throw new Error(reached.kind);
  return tokenLifeResponse.strict().parse(reached.life);
};

it('the history of a token has its request, decision and end', async () => {
  const { tvm, tokenId } = await issued(asking({ reason: 'nightly report', task: 'build-17' }));
  const revoked = { revokedAt: tvm.clock.time + 1_000, revokedBy: 'security.team', revocationReason: 'leaked' };
  await tvm.records.revoke(tokenId, { ...revoked, revocationId: 'order-1' });
  expect(await lifeOf(tokenLife(tokenId, ISSUER, { ...tvm, traces: inMemoryTraces() }))).toMatchObject({
    token_id: tokenId,
    state: 'revoked',
    subject: SUBJECT,
    workload: 'i-0abc',
    account: '111122223333',
    request_id: 'request-1',
    reason: 'nightly report',
    task: 'build-17',
    policies: ['reads-orders'],
    policy_bundle: expect.stringMatching(/^[0-9a-f]{64}$/),
    key_id: expect.any(String),
    status_list: { idx: 0, uri: `${ISSUER}/status-lists/1` },
    revoked_at: '2026-01-01T12:00:01.500Z',
    revoked_by: 'security.team',
    revocation_reason: 'leaked',
    revocation_id: 'order-1',
    introspections: [],
    uses: [],
  });
});

it('the history of a denial has its reason and its request', async () => {
  const { tvm, tokenId } = await issued(asking({ audience: 'billing' }));
  const life = await lifeOf(tokenLife(tokenId, ISSUER, { ...tvm, traces: inMemoryTraces() }));
  expect(life).toMatchObject({ state: 'denied', denial: 'policy', policies: [], policy_errors: [] });
  expect(life).not.toHaveProperty('status_list');
});

it('introspections and uses are aggregated by result and action, the latest first', async () => {
  const { tvm, tokenId } = await issued();
  const minute = Date.UTC(2026, 0, 1, 12, 1);
  const introspected = (change: Partial<Introspections>): Introspections => ({
    tokenId,
    subject: SUBJECT,
    audience: 'orders-db',
    by: SERVER,
    result: 'active',
    minute,
    last: minute + 30_000,
    count: 1,
    ...change,
  });
  const used = (time: string, outcome: 'allowed' | 'refused') => ({
    detailType: 'Token Used' as const,
    detail: {
      ...{ time, tokenId, subject: SUBJECT, audience: 'orders-db', by: SERVER, outcome },
      ...{ action: 'read' as const, location: 'orders-db/orders' },
    },
  });
  const traces = inMemoryTraces({
    introspections: [
      introspected({ count: 3 }),
      introspected({ minute: minute + 60_000, last: minute + 90_000, count: 4 }),
      introspected({ result: 'revoked', minute: minute + 120_000, last: minute + 120_500 }),
      introspected({ tokenId: 'another' }),
    ],
    facts: [
      used('2026-01-01T12:02:00.000Z', 'allowed'),
      used('2026-01-01T12:01:00.000Z', 'allowed'),
      used('2026-01-01T12:03:00.000Z', 'refused'),
    ],
    more: true,
  });
  const life = await lifeOf(tokenLife(tokenId, ISSUER, { ...tvm, traces }));
  expect(life.introspections).toEqual([
    { by: SERVER, result: 'revoked', from: '2026-01-01T12:03:00.000Z', to: '2026-01-01T12:03:00.500Z', count: 1 },
    { by: SERVER, result: 'active', from: '2026-01-01T12:01:00.000Z', to: '2026-01-01T12:02:30.000Z', count: 7 },
  ]);
  const what = { by: SERVER, action: 'read', location: 'orders-db/orders' };
  expect(life.uses).toEqual([
    { ...what, outcome: 'refused', from: '2026-01-01T12:03:00.000Z', to: '2026-01-01T12:03:00.000Z', count: 1 },
    { ...what, outcome: 'allowed', from: '2026-01-01T12:01:00.000Z', to: '2026-01-01T12:02:00.000Z', count: 2 },
  ]);
  expect(life.more).toBe(true);
});

it('an unknown ID has no history', async () => {
  const { tvm } = await issued();
  const outcome = await tokenLife('00000000-0000-4000-8000-000000000000', ISSUER, {
    ...tvm,
    traces: inMemoryTraces(),
  });
  expect(outcome).toEqual({ kind: 'not_found', what: 'token' });
});
