import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { countTokens } from '@tvm/core/revocation/requests/count-tokens.ts';
import { continueRevocations, progressOf, revokeTokens } from '@tvm/core/revocation/requests/revoke-tokens.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';

const HOUR = 3_600;
let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService();
});

async function issue(request = asking(), userArn = from.userArn) {
  const outcome = await issueToken(request, { ...from, userArn }, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome.tokenId;
}

let orders = 0;
const revoke = (selector: RevocationSelector, more: { blockFor?: number; reason?: string; after?: number } = {}) =>
  revokeTokens(
    { selector, ...more, revocationId: `order-${++orders}`, by: 'security.team', requestedAt: tvm.clock.now() },
    { blockFor: HOUR },
    tvm,
  );
const status = (tokenId: string) => tvm.records.states.get(tokenId)?.status;

/** Acts as the queue: continues revocation requests when they are due. */
async function goOn(): Promise<void> {
  const { waiting } = tvm.continuations;
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    tvm.clock.time += message.after * 1000;
    await continueRevocations([message.revocationId], tvm.clock.now() + 40_000, tvm);
  }
}

describe('one token', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['was revoked before', () => revoke({ tokenId: '00000001-0000-4000-8000-000000000000' })],
    [
      'has expired',
      async () => {
        tvm.clock.time += 900_000;
      },
    ],
  ])('that %s causes an audit fact that the revocation found nothing', async (_what, before) => {
    const tokenId = await issue();
    await before();
    expect([...tvm.facts.facts.values()]).toEqual([]);
    expect(await revoke({ tokenId }, { reason: 'seen in a log' })).toEqual({ done: true, revoked: 0 });
    expect([...tvm.facts.facts.values()]).toEqual([
      {
        detailType: 'Revocation Completed',
        detail: {
          time: new Date(tvm.clock.now()).toISOString(),
          revocationId: `order-${orders}`,
          revoked: 0,
          selector: { tokenId },
          by: 'security.team',
          reason: 'seen in a log',
        },
      },
    ]);
  });

  it('is revoked once', async () => {
    const tokenId = await issue();
    expect(await revoke({ tokenId }, { reason: 'leaked' })).toEqual({ done: true, revoked: 1 });
    expect(await revoke({ tokenId })).toEqual({ done: true, revoked: 0 });
    expect(tvm.records.states.get(tokenId)).toMatchObject({
      status: 'revoked',
      revokedBy: 'security.team',
      revocationReason: 'leaked',
    });
    expect(tvm.continuations.waiting).toEqual([]);
  });

  it('is not revoked if another property does not match, if it has expired or if it is unknown', async () => {
    const tokenId = await issue();
    expect(await revoke({ tokenId, audience: 'billing' })).toEqual({ done: true, revoked: 0 });
    expect(await revoke({ tokenId, issuedBefore: '2025-01-01T00:00:00Z' })).toEqual({ done: true, revoked: 0 });
    expect(await revoke({ tokenId: '00000000-0000-4000-8000-00000000dead' })).toEqual({ done: true, revoked: 0 });
    tvm.clock.time += 900_000;
    expect(await revoke({ tokenId })).toEqual({ done: true, revoked: 0 });
    expect(status(tokenId)).toBe('issued');
  });

  it('with a delayed revocation stays active until then', async () => {
    const tokenId = await issue();
    expect(await revoke({ tokenId }, { after: 60 })).toMatchObject({ done: false, revoked: 0 });
    tvm.clock.time += 59_000;
    await continueRevocations([`order-${orders}`], tvm.clock.now() + 1_000, tvm);
    expect(status(tokenId)).toBe('issued');
    await goOn();
    expect(status(tokenId)).toBe('revoked');
  });
});

describe('each selector revokes exactly the tokens that it matches', () => {
  it.each<[string, RevocationSelector, string[]]>([
    ['subject', { subject: SUBJECT }, ['here', 'elsewhere', 'task', 'shipments']],
    ['workload', { workload: 'i-0abc' }, ['here', 'task', 'shipments']],
    ['task', { task: 'deploy-42' }, ['task']],
    ['audience', { audience: 'orders-db' }, ['here', 'elsewhere', 'task', 'shipments']],
    ['a path', { resource: 'orders-db/shipments' }, ['shipments']],
    ['a subtree', { resource: 'orders-db/*' }, ['here', 'elsewhere', 'task', 'shipments']],
    ['policy', { policy: 'writes-shipments' }, ['shipments']],
    ['two of them', { workload: 'i-0abc', policy: 'reads-orders' }, ['here', 'task']],
    ['a time', { all: true, issuedBefore: '2026-01-01T12:00:00.500Z' }, ['here']],
    ['all', { all: true }, ['here', 'elsewhere', 'task', 'shipments']],
    ['nobody', { subject: 'arn:aws:iam::111122223333:role/other' }, []],
    ['other policies', { policyBundle: '0'.repeat(64) }, []],
  ])('%s', async (_name, selector, expected) => {
    const write = { type: 'resource' as const, locations: ['orders-db/shipments'], actions: ['write' as const] };
    const issued: Record<string, string> = { here: await issue() };
    tvm.clock.time += 1;
    issued.elsewhere = await issue(asking(), from.userArn.replace('i-0abc', 'i-0def'));
    issued.task = await issue(asking({ task: 'deploy-42' }));
    issued.shipments = await issue(asking({ authorization_details: [write], expires_in: 300 }));
    const first = await revoke(selector);
    expect(first).toMatchObject({ revoked: expected.length, done: false });
    expect(Object.keys(issued).filter((name) => status(issued[name] ?? '') === 'revoked')).toEqual(expected);
    await goOn();
    const order = await tvm.orders.get(`order-${orders}`);
    expect(order).toMatchObject({ revoked: expected.length, completedAt: expect.any(Number) });
    expect(await revoke(selector)).toMatchObject({ revoked: 0 });
  });
});

describe('a subject', () => {
  it('is revoked before its records are changed, and blocked', async () => {
    await issue();
    const calls: string[] = [];
    const { raise, block } = tvm.subjectStatuses;
    const { revoke: revokeRecord } = tvm.records;
    const noting =
      <Args extends unknown[], Result>(name: string, call: (...args: Args) => Result) =>
      (...args: Args) => {
        calls.push(name);
        return call(...args);
      };
    Object.assign(tvm.subjectStatuses, { raise: noting('raise', raise), block: noting('block', block) });
    Object.assign(tvm.records, { revoke: noting('revoke', revokeRecord) });
    await revoke({ subject: SUBJECT });
    expect(calls).toEqual(['raise', 'block', 'revoke']);
  });

  it('gets no new token until the block expires or is lifted', async () => {
    const until = tvm.clock.now() + HOUR * 1000;
    expect(await revoke({ subject: SUBJECT })).toMatchObject({ blockedUntil: until });
    tvm.clock.time += 1;
    await expect(issue()).rejects.toThrow('denied');
    tvm.clock.time = until;
    await issue();
    await revoke({ subject: SUBJECT }, { blockFor: 60 });
    tvm.clock.time += 1;
    await expect(issue()).rejects.toThrow('denied');
    expect(await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.now(), by: 'operator' })).toBe(true);
    await issue();
  });

  it('keeps no token that was issued between the revocation request and the block', async () => {
    const requestedAt = tvm.clock.now();
    tvm.clock.time += 2_000;
    const early = await issue();
    const { block } = tvm.subjectStatuses;
    let during = '';
    tvm.subjectStatuses.block = async (...args) => {
      tvm.clock.time += 5;
      during = await issue();
      tvm.clock.time += 5;
      return block(...args);
    };
    const requested = { selector: { subject: SUBJECT }, revocationId: 'event-2', by: 'security.team', requestedAt };
    expect(await revokeTokens(requested, { blockFor: HOUR }, tvm)).toMatchObject({
      blockedUntil: requestedAt + HOUR * 1000,
    });
    await goOn();
    expect([status(early), status(during)]).toEqual(['revoked', 'revoked']);
    const { revokedBefore = 0 } = await tvm.subjectStatuses.get(SUBJECT);
    expect(tvm.records.states.get(during)?.decidedAt).toBeLessThanOrEqual(revokedBefore);
  });

  it('is never implied by an empty selector', async () => {
    const tokenId = await issue();
    await expect(revoke({})).rejects.toThrow('must not be empty');
    await expect(revoke({ issuedBefore: '2099-01-01T00:00:00Z' })).rejects.toThrow('must not be empty');
    await goOn();
    expect(status(tokenId)).toBe('issued');
  });

  it.each<[string, RevocationSelector, { blockFor?: number }]>([
    ['the request says so', { subject: SUBJECT }, { blockFor: 0 }],
    ['other properties narrow the selector', { subject: SUBJECT, audience: 'orders-db' }, {}],
    ['only its tokens up to a time are selected', { subject: SUBJECT, issuedBefore: '2026-01-01T12:00:00Z' }, {}],
  ])('is not blocked if %s', async (_when, selector, more) => {
    expect(await revoke(selector, more)).not.toHaveProperty('blockedUntil');
    tvm.clock.time += 1;
    await issue();
  });

  it('stays unblocked when the same request is repeated', async () => {
    const again = {
      selector: { subject: SUBJECT },
      revocationId: 'event-1',
      by: 'security.team',
      requestedAt: tvm.clock.now(),
    };
    await revokeTokens(again, { blockFor: HOUR }, tvm);
    tvm.clock.time += 1_000;
    await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.now(), by: 'operator' });
    const tokenId = await issue();
    await revokeTokens(again, { blockFor: HOUR }, tvm);
    await goOn();
    expect(status(tokenId)).toBe('issued');
    await issue();
  });

  it('with a delayed revocation is not revoked or blocked before', async () => {
    await revoke({ subject: SUBJECT }, { after: 60 });
    tvm.clock.time += 59_000;
    await issue();
    await goOn();
    await expect(issue()).rejects.toThrow('denied');
  });
});

it('many tokens are revoked page by page, by several calls with deadlines', async () => {
  for (let count = 0; count < 250; count++) await issue();
  const requestedAt = tvm.clock.now();
  const { page } = tvm.index;
  // A page takes so long that each call has time for only one.
  tvm.index.page = async (query) => {
    tvm.clock.time += 8_000;
    return page(query);
  };
  const requested = { selector: { subject: SUBJECT }, revocationId: 'many', by: 'security.team', requestedAt };
  expect(await revokeTokens(requested, { blockFor: 0 }, tvm)).toEqual({
    revocationId: 'many',
    done: false,
    revoked: 100,
  });
  expect(tvm.continuations.waiting).toEqual([{ revocationId: 'many', after: 8 }]);
  await goOn();
  const order = await tvm.orders.get('many');
  expect(order && progressOf(order)).toEqual({ revocationId: 'many', done: true, revoked: 250 });
});

it('a stored revocation continues after a failure, and its result says so', async () => {
  const tokenId = await issue();
  const { page } = tvm.index;
  tvm.index.page = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  expect(await revoke({ audience: 'orders-db' })).toEqual({ revocationId: `order-${orders}`, done: false, revoked: 0 });
  tvm.index.page = page;
  await goOn();
  expect(status(tokenId)).toBe('revoked');
});

it('a revocation that cannot be stored fails without any effect', async () => {
  const tokenId = await issue();
  tvm.orders.submit = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  await expect(revoke({ audience: 'orders-db' })).rejects.toThrow('DynamoDB failed');
  await goOn();
  expect(status(tokenId)).toBe('issued');
});

describe('a dry run', () => {
  const count = (selector: RevocationSelector, deadline = Number.POSITIVE_INFINITY) =>
    countTokens({ selector, revocationId: 'none', by: 'security.team', requestedAt: tvm.clock.now() }, deadline, tvm);
  const OTHER = 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0other';

  it('counts the tokens that the revocation then revokes, and changes nothing', async () => {
    const ids = [await issue(), await issue(asking({ task: 'nightly-7' })), await issue(asking(), OTHER)];
    await revoke({ tokenId: ids[0] });
    await issueToken(asking({ audience: 'billing' }), from, rules, tvm);
    const before = [...tvm.records.states];
    for (const [selector, tokens] of [
      [{ all: true }, 2],
      [{ subject: SUBJECT }, 2],
      [{ audience: 'orders-db', task: 'nightly-7' }, 1],
      [{ workload: 'i-0other' }, 1],
      [{ tokenId: ids[0] }, 0],
      [{ tokenId: ids[1] }, 1],
      [{ all: true, issuedBefore: '2025-01-01T00:00:00Z' }, 0],
    ] as [RevocationSelector, number][]) {
      expect([selector, await count(selector)]).toEqual([
        selector,
        { tokens, subjects: tokens === 0 ? 0 : 1, complete: true },
      ]);
    }
    expect([...tvm.records.states]).toEqual(before);
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
    expect(tvm.continuations.waiting).toEqual([]);
    expect(await revoke({ all: true })).toMatchObject({ revoked: 2 });
    tvm.clock.time += 900_000;
    expect(await count({ all: true })).toEqual({ tokens: 0, subjects: 0, complete: true });
  });

  it('says that the count is incomplete', async () => {
    for (let n = 0; n < 101; n++) await issue();
    expect(await count({ all: true }, tvm.clock.now())).toEqual({ tokens: 100, subjects: 1, complete: false });
    expect(await count({ all: true })).toEqual({ tokens: 101, subjects: 1, complete: true });
  });
});
