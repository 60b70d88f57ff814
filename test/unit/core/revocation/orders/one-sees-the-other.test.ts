import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { type IssuedRecord, STORED_WITHIN } from '@tvm/core/records/token-record.ts';
import { goOnWithOrders, revokeTokens } from '@tvm/core/revocation/orders/revoke-tokens.ts';
import { beforeAll, expect, it } from 'vitest';
import {
  inMemoryContinuations,
  inMemoryFacts,
  inMemoryIndex,
  inMemoryOrders,
  inMemoryRecords,
  inMemorySubjectStatuses,
} from '#test/fakes/in-memory-records.ts';
import { clockAt, recordOf } from '#test/fakes/in-memory-service.ts';
import { turns } from '#test/support/interleave.ts';

let record: IssuedRecord;
beforeAll(async () => {
  record = (await recordOf()) as IssuedRecord;
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

/**
 * @param storedAfter milliseconds from the decision until the token is stored
 * @param askedAfter milliseconds from the decision until the order
 * @param indexed whether the token is indexed afterwards
 */
async function outcomes({ storedAfter = 0, askedAfter = 0, indexed = true }) {
  const walks = new Set<string>();
  const runs = await everyOrder(async (choose) => {
    const clock = clockAt(record.decidedAt + askedAfter);
    const { of, run } = turns();
    const pause = of({ pause: { now: async () => {} } }).pause.now;
    const records = inMemoryRecords(pause);
    const ports = {
      records,
      subjectStatuses: inMemorySubjectStatuses(),
      index: inMemoryIndex(records, pause),
      orders: inMemoryOrders(),
      facts: inMemoryFacts(),
      continuations: inMemoryContinuations(),
      clock,
    };
    const order = {
      revocationId: 'order',
      selector: { audience: record.audience },
      by: 'security.team',
      askedAt: clock.time,
    };
    // Long before the order, or at the same time.
    const before = askedAfter > storedAfter;
    if (before) {
      records.states.set(record.tokenId, record);
      records.pending.add(record.tokenId);
    }
    const storing = async () => {
      await pause();
      if (!before) {
        clock.time = Math.max(clock.time, record.decidedAt + storedAfter);
        await of(ports).records.put(record);
      }
      if (indexed) await indexTokens([record.tokenId], of(ports));
    };
    await run([storing(), revokeTokens(order, { blockFor: 0 }, of(ports))], choose);
    for (let waiting = ports.continuations.waiting.shift(); waiting; waiting = ports.continuations.waiting.shift()) {
      clock.time += waiting.after * 1000;
      await run([goOnWithOrders(['order'], clock.time + 40_000, ports)], choose);
    }
    const revoked = records.states.get(record.tokenId);
    expect(revoked).toMatchObject({ status: 'revoked', revocationId: 'order' });
    expect(await ports.orders.get('order')).toMatchObject({ revoked: 1, completedAt: expect.any(Number) });
    walks.add(revoked?.status === 'revoked' && revoked.revokedLate ? 'second walk' : 'first walk');
  });
  return { walks: [...walks].sort(), runs };
}

it('an order revokes and counts a token that is stored and indexed meanwhile, in whatever order they meet', async () => {
  const { walks, runs } = await outcomes({});
  // Each of the two walks came to be the one that found it.
  expect(walks).toEqual(['first walk', 'second walk']);
  expect(runs).toBeGreaterThan(1_000);
}, 120_000);

it('an order revokes and counts a token that is stored as late as it may be, and never indexed', async () => {
  const { walks } = await outcomes({ storedAfter: STORED_WITHIN, indexed: false });
  expect(walks).toEqual(['first walk', 'second walk']);
}, 120_000);

it('an order revokes and counts a token that was stored a minute ago and is indexed meanwhile', async () => {
  const { walks } = await outcomes({ askedAfter: 60_000 });
  expect(walks).toEqual(['first walk']);
}, 120_000);
