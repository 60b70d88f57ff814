import type { UseReport } from '@tvm/contract/token-use.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { reportUse } from '@tvm/core/verification/report-use.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { localKeys } from '#test/fakes/local-keys.ts';

const ordersDb = {
  userArn: 'arn:aws:sts::111122223333:assumed-role/orders-db/task',
  requestId: 'b1cabfe6-1cd9-46c2-8b83-ef498cd9fc8e',
};
const reporting = {
  issuer: ISSUER,
  resourceServers: { 'arn:aws:iam::111122223333:role/orders-db': ['orders-db'], [SUBJECT]: ['billing'] },
};

describe('reportUse', () => {
  let tvm: Awaited<ReturnType<typeof inMemoryService>>;
  let token: string;
  let tokenId: string;
  const report = (change: Partial<UseReport> = {}, caller = ordersDb) => {
    const use = { token, action: 'read' as const, location: 'orders-db/orders', outcome: 'allowed' as const };
    return reportUse({ ...use, ...change }, caller, reporting, tvm);
  };
  const recorded = () => [...tvm.facts.facts.values()].map(({ detail }) => detail);

  beforeEach(async () => {
    tvm = await inMemoryService();
    const details = [{ type: 'resource' as const, locations: ['orders-db/orders/*'], actions: ['read' as const] }];
    const outcome = await issueToken(asking({ authorization_details: details }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    ({ token, tokenId } = outcome);
  });

  it('records who did what with a token, once for each report', async () => {
    expect(await report()).toEqual({ kind: 'reported' });
    await report();
    expect([...tvm.facts.facts]).toEqual([
      [
        ordersDb.requestId,
        {
          detailType: 'Token Used',
          detail: {
            time: new Date(tvm.clock.time).toISOString(),
            tokenId,
            subject: SUBJECT,
            audience: 'orders-db',
            by: 'arn:aws:iam::111122223333:role/orders-db',
            action: 'read',
            location: 'orders-db/orders',
            outcome: 'allowed',
          },
        },
      ],
    ]);
  });

  it.each([
    'orders-db/orders',
    'orders-db/orders/17',
    'orders-db/orders/*',
  ])('accepts a use of %s', async (location) => {
    expect(await report({ location })).toEqual({ kind: 'reported' });
  });

  it.each([
    [{ action: 'write' as const }, 'action'],
    [{ location: 'orders-db' }, 'location'],
    [{ location: 'orders-db/*' }, 'location'],
    [{ location: 'orders-db/orders-of-others' }, 'location'],
  ])('accepts %j, which the token does not permit, only as refused', async (change, field) => {
    expect(await report(change)).toMatchObject({ kind: 'bad_request', bad: { field } });
    expect(recorded()).toEqual([]);
    expect(await report({ ...change, outcome: 'refused' })).toEqual({ kind: 'reported' });
    expect(recorded()).toMatchObject([{ ...change, outcome: 'refused' }]);
  });

  it('rejects reports about a token for another’s audience, or one that this service did not sign', async () => {
    const forged = { ...tvm, keys: (await localKeys()).keys };
    const use = { token, action: 'read', location: 'orders-db/orders', outcome: 'allowed' } as const;
    const outcomes = [
      await report({}, { ...ordersDb, userArn: from.userArn }),
      await report({}, { ...ordersDb, userArn: 'arn:aws:iam::111122223333:user/stranger' }),
      await report({}, { ...ordersDb, userArn: 'arn:aws:iam::111122223333:root' }),
      await report({ token: `${token.slice(0, -4)}AAAA` }),
      await report({ token: 'abc' }),
      await reportUse(use, ordersDb, reporting, forged),
    ];
    for (const outcome of outcomes) {
      const problem = 'must be a token of this service for one of your audiences';
      expect(outcome).toEqual({ kind: 'bad_request', bad: { field: 'token', problem } });
    }
    expect(recorded()).toEqual([]);
  });

  it('accepts a report up to a day after expiry, also for a revoked token', async () => {
    await tvm.records.revoke(tokenId, { revokedAt: tvm.clock.now(), revokedBy: 'security.team' });
    const end = Date.UTC(2026, 0, 1, 12, 15);
    tvm.clock.time = end + 86_400_000 - 1;
    expect(await report()).toEqual({ kind: 'reported' });
    tvm.clock.time += 1;
    expect(await report()).toMatchObject({ bad: { field: 'token', problem: 'expired more than a day ago' } });
    tvm.clock.time = end - 901_000;
    expect(await report()).toMatchObject({ bad: { field: 'token', problem: 'is not valid yet' } });
  });
});
