import { beforeAll, expect, it } from 'vitest';
import { indexTokens } from '../../../../core/index-tokens.ts';
import { progressOf, revokeTokens } from '../../../../core/revocation/revoke-tokens.ts';
import type { TokenRecord } from '../../../../core/token-record.ts';
import {
  inMemoryContinuations,
  inMemoryIndex,
  inMemoryOrders,
  inMemoryRecords,
  inMemoryStandings,
} from '../../../fakes/in-memory-records.ts';
import { recordOf } from '../../../fakes/machine.ts';
import { turns } from '../../../support/interleave.ts';

let record: TokenRecord;
beforeAll(async () => {
  record = await recordOf();
});

/** Every way in which things can follow each other: each time, the choices of the last time but for the last that had others. */
async function everyOrder(run: (choose: (waiting: number) => number) => Promise<void>): Promise<number> {
  let script: { choice: number; of: number }[] = [];
  for (let runs = 1; ; runs++) {
    let step = 0;
    await run((waiting) => {
      script[step] ??= { choice: 0, of: waiting };
      return script[step++]?.choice ?? 0;
    });
    while (script.length > 0 && script.at(-1)?.choice === (script.at(-1)?.of ?? 0) - 1) script = script.slice(0, -1);
    const last = script.at(-1);
    if (last === undefined) return runs;
    last.choice++;
  }
}

it('a token that is indexed while an order is carried out is taken back and counted, in whatever order they meet', async () => {
  const outcomes = new Set<string>();
  const runs = await everyOrder(async (choose) => {
    const clock = { now: () => record.decidedAt };
    const ports = {
      records: inMemoryRecords(),
      standings: inMemoryStandings(),
      index: inMemoryIndex(),
      orders: inMemoryOrders(),
      continuations: inMemoryContinuations(),
      clock,
    };
    ports.records.states.set(record.tokenId, record);
    const { of, run } = turns();
    const order = {
      revocationId: 'order',
      selector: { audience: record.audience },
      by: 'security.team',
      askedAt: record.decidedAt,
    };
    await run([indexTokens([record.tokenId], of(ports)), revokeTokens(order, { blockFor: 0 }, of(ports))], choose);
    expect(ports.records.states.get(record.tokenId)).toMatchObject({ status: 'revoked', revocationId: 'order' });
    const state = await ports.orders.get('order');
    if (state === undefined) throw new Error('no order');
    expect((await progressOf(state, ports)).revoked).toBe(1);
    outcomes.add((await ports.orders.late('order')) === 1 ? 'as it was indexed' : 'by the walk');
  });
  // Each of them came to be the one that saw the other.
  expect([...outcomes].sort()).toEqual(['as it was indexed', 'by the walk']);
  expect(runs).toBeGreaterThan(1_000);
}, 60_000);
