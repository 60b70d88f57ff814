import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { countTokens } from '@tvm/core/revocation/orders/count-tokens.ts';
import { goOnWithOrders, progressOf, revokeTokens } from '@tvm/core/revocation/orders/revoke-tokens.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';

const HOUR = 3_600;
let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService();
});

async function vend(request = asking(), userArn = from.userArn) {
  const outcome = await issueToken(request, { ...from, userArn }, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome.tokenId;
}

let orders = 0;
const revoke = (selector: RevocationSelector, more: { blockFor?: number; reason?: string; after?: number } = {}) =>
  revokeTokens(
    { selector, ...more, revocationId: `order-${++orders}`, by: 'security.team', askedAt: tvm.clock.now() },
    { blockFor: HOUR },
    tvm,
  );
const status = (tokenId: string) => tvm.records.states.get(tokenId)?.status;

/** What the queue does: brings back what is to be gone on with, when it is due. */
async function goOn(): Promise<void> {
  const { waiting } = tvm.continuations;
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    tvm.clock.time += message.after * 1000;
    await goOnWithOrders([message.revocationId], tvm.clock.now() + 40_000, tvm);
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
  ])('that %s leaves a fact for the audit: the revocation found nothing', async (_what, before) => {
    const tokenId = await vend();
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

  it('is taken back once', async () => {
    const tokenId = await vend();
    expect(await revoke({ tokenId }, { reason: 'leaked' })).toEqual({ done: true, revoked: 1 });
    expect(await revoke({ tokenId })).toEqual({ done: true, revoked: 0 });
    expect(tvm.records.states.get(tokenId)).toMatchObject({
      status: 'revoked',
      revokedBy: 'security.team',
      revocationReason: 'leaked',
    });
    expect(tvm.continuations.waiting).toEqual([]);
  });

  it('is left alone when another member does not fit, or it has ended, or is unknown', async () => {
    const tokenId = await vend();
    expect(await revoke({ tokenId, audience: 'billing' })).toEqual({ done: true, revoked: 0 });
    expect(await revoke({ tokenId, issuedBefore: '2025-01-01T00:00:00Z' })).toEqual({ done: true, revoked: 0 });
    expect(await revoke({ tokenId: '00000000-0000-4000-8000-00000000dead' })).toEqual({ done: true, revoked: 0 });
    tvm.clock.time += 900_000;
    expect(await revoke({ tokenId })).toEqual({ done: true, revoked: 0 });
    expect(status(tokenId)).toBe('issued');
  });

  it('that is to be taken back later lives until then', async () => {
    const tokenId = await vend();
    expect(await revoke({ tokenId }, { after: 60 })).toMatchObject({ done: false, revoked: 0 });
    tvm.clock.time += 59_000;
    await goOnWithOrders([`order-${orders}`], tvm.clock.now() + 1_000, tvm);
    expect(status(tokenId)).toBe('issued');
    await goOn();
    expect(status(tokenId)).toBe('revoked');
  });
});

describe('each selector takes back what it picks out, and nothing else', () => {
  it.each<[string, RevocationSelector, string[]]>([
    ['subject', { subject: SUBJECT }, ['here', 'elsewhere', 'task', 'shipments']],
    ['workload', { workload: 'i-0abc' }, ['here', 'task', 'shipments']],
    ['task', { task: 'deploy-42' }, ['task']],
    ['audience', { audience: 'orders-db' }, ['here', 'elsewhere', 'task', 'shipments']],
    ['a place', { resource: 'orders-db/shipments' }, ['shipments']],
    ['a subtree', { resource: 'orders-db/*' }, ['here', 'elsewhere', 'task', 'shipments']],
    ['policy', { policy: 'writes-shipments' }, ['shipments']],
    ['two of them', { workload: 'i-0abc', policy: 'reads-orders' }, ['here', 'task']],
    ['a time', { all: true, issuedBefore: '2026-01-01T12:00:00.500Z' }, ['here']],
    ['all', { all: true }, ['here', 'elsewhere', 'task', 'shipments']],
    ['nobody', { subject: 'arn:aws:iam::111122223333:role/other' }, []],
    ['other policies', { policyBundle: '0'.repeat(64) }, []],
  ])('%s', async (_name, selector, expected) => {
    const write = { type: 'resource' as const, locations: ['orders-db/shipments'], actions: ['write' as const] };
    const vended: Record<string, string> = { here: await vend() };
    tvm.clock.time += 1;
    vended.elsewhere = await vend(asking(), from.userArn.replace('i-0abc', 'i-0def'));
    vended.task = await vend(asking({ task: 'deploy-42' }));
    vended.shipments = await vend(asking({ authorization_details: [write], expires_in: 300 }));
    const first = await revoke(selector);
    expect(first).toMatchObject({ revoked: expected.length, done: false });
    expect(Object.keys(vended).filter((name) => status(vended[name] ?? '') === 'revoked')).toEqual(expected);
    await goOn();
    const order = await tvm.orders.get(`order-${orders}`);
    expect(order).toMatchObject({ revoked: expected.length, completedAt: expect.any(Number) });
    expect(await revoke(selector)).toMatchObject({ revoked: 0 });
  });
});

describe('a subject', () => {
  it('is revoked before any record of it, and blocked', async () => {
    await vend();
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

  it('gets no new token until its time is over, or it is unblocked', async () => {
    const until = tvm.clock.now() + HOUR * 1000;
    expect(await revoke({ subject: SUBJECT })).toMatchObject({ blockedUntil: until });
    tvm.clock.time += 1;
    await expect(vend()).rejects.toThrow('denied');
    tvm.clock.time = until;
    await vend();
    await revoke({ subject: SUBJECT }, { blockFor: 60 });
    tvm.clock.time += 1;
    await expect(vend()).rejects.toThrow('denied');
    expect(await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.now(), by: 'operator' })).toBe(true);
    await vend();
  });

  it('keeps nothing that it was vended between a request to revoke and the block', async () => {
    const askedAt = tvm.clock.now();
    tvm.clock.time += 2_000;
    const early = await vend();
    const { block } = tvm.subjectStatuses;
    let during = '';
    tvm.subjectStatuses.block = async (...args) => {
      tvm.clock.time += 5;
      during = await vend();
      tvm.clock.time += 5;
      return block(...args);
    };
    const asked = { selector: { subject: SUBJECT }, revocationId: 'event-2', by: 'security.team', askedAt };
    expect(await revokeTokens(asked, { blockFor: HOUR }, tvm)).toMatchObject({ blockedUntil: askedAt + HOUR * 1000 });
    await goOn();
    expect([status(early), status(during)]).toEqual(['revoked', 'revoked']);
    const { revokedBefore = 0 } = await tvm.subjectStatuses.get(SUBJECT);
    expect(tvm.records.states.get(during)?.decidedAt).toBeLessThanOrEqual(revokedBefore);
  });

  it('is not taken for everybody where nothing is picked out', async () => {
    const tokenId = await vend();
    await expect(revoke({})).rejects.toThrow('pick something out');
    await expect(revoke({ issuedBefore: '2099-01-01T00:00:00Z' })).rejects.toThrow('pick something out');
    await goOn();
    expect(status(tokenId)).toBe('issued');
  });

  it.each<[string, RevocationSelector, { blockFor?: number }]>([
    ['it is not to be', { subject: SUBJECT }, { blockFor: 0 }],
    ['other members narrow it down', { subject: SUBJECT, audience: 'orders-db' }, {}],
    ['only what it had until some time is meant', { subject: SUBJECT, issuedBefore: '2026-01-01T12:00:00Z' }, {}],
  ])('is not blocked where %s', async (_when, selector, more) => {
    expect(await revoke(selector, more)).not.toHaveProperty('blockedUntil');
    tvm.clock.time += 1;
    await vend();
  });

  it('stays unblocked when the same order comes again', async () => {
    const again = {
      selector: { subject: SUBJECT },
      revocationId: 'event-1',
      by: 'security.team',
      askedAt: tvm.clock.now(),
    };
    await revokeTokens(again, { blockFor: HOUR }, tvm);
    tvm.clock.time += 1_000;
    await tvm.subjectStatuses.unblock(SUBJECT, { at: tvm.clock.now(), by: 'operator' });
    const tokenId = await vend();
    await revokeTokens(again, { blockFor: HOUR }, tvm);
    await goOn();
    expect(status(tokenId)).toBe('issued');
    await vend();
  });

  it('that is to be revoked later is not revoked or blocked before', async () => {
    await revoke({ subject: SUBJECT }, { after: 60 });
    tvm.clock.time += 59_000;
    await vend();
    await goOn();
    await expect(vend()).rejects.toThrow('denied');
  });
});

it('many tokens are taken back page by page, by calls that each come as far as their time allows', async () => {
  for (let count = 0; count < 250; count++) await vend();
  const askedAt = tvm.clock.now();
  const { page } = tvm.index;
  // A page takes so long that there is time for one alone.
  tvm.index.page = async (query) => {
    tvm.clock.time += 8_000;
    return page(query);
  };
  const asked = { selector: { subject: SUBJECT }, revocationId: 'many', by: 'security.team', askedAt };
  expect(await revokeTokens(asked, { blockFor: 0 }, tvm)).toEqual({ revocationId: 'many', done: false, revoked: 100 });
  expect(tvm.continuations.waiting).toEqual([{ revocationId: 'many', after: 8 }]);
  await goOn();
  const order = await tvm.orders.get('many');
  expect(order && progressOf(order)).toEqual({ revocationId: 'many', done: true, revoked: 250 });
});

it('goes on by itself where something fails after it was ordered, and says so', async () => {
  const tokenId = await vend();
  const { page } = tvm.index;
  tvm.index.page = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  expect(await revoke({ audience: 'orders-db' })).toEqual({ revocationId: `order-${orders}`, done: false, revoked: 0 });
  tvm.index.page = page;
  await goOn();
  expect(status(tokenId)).toBe('revoked');
});

it('fails where it could not be ordered, and nothing is done', async () => {
  const tokenId = await vend();
  tvm.orders.place = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  await expect(revoke({ audience: 'orders-db' })).rejects.toThrow('DynamoDB failed');
  await goOn();
  expect(status(tokenId)).toBe('issued');
});

describe('a dry run', () => {
  const count = (selector: RevocationSelector, deadline = Number.POSITIVE_INFINITY) =>
    countTokens({ selector, revocationId: 'none', by: 'security.team', askedAt: tvm.clock.now() }, deadline, tvm);
  const OTHER = 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0other';

  it('counts what the revocation then revokes, and changes nothing', async () => {
    const ids = [await vend(), await vend(asking({ task: 'nightly-7' })), await vend(asking(), OTHER)];
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

  it('says where the count was cut off', async () => {
    for (let n = 0; n < 101; n++) await vend();
    expect(await count({ all: true }, tvm.clock.now())).toEqual({ tokens: 100, subjects: 1, complete: false });
    expect(await count({ all: true })).toEqual({ tokens: 101, subjects: 1, complete: true });
  });
});
