import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { type IssuedRecord, STORED_WITHIN } from '@tvm/core/records/token-record.ts';
import { continueRevocations, revokeTokens } from '@tvm/core/revocation/requests/revoke-tokens.ts';
import { beforeAll, expect, it } from 'vitest';
import {
  inMemoryContinuations,
  inMemoryFacts,
  inMemoryIndex,
  inMemoryRecords,
  inMemoryRevocationRequests,
  inMemorySubjectStatuses,
} from '#test/fakes/in-memory-records.ts';
import { clockAt, recordOf } from '#test/fakes/in-memory-service.ts';
import { turns } from '#test/support/interleave.ts';

let record: IssuedRecord;
beforeAll(async () => {
  record = (await recordOf()) as IssuedRecord;
});

/**
 * Runs all interleavings by depth-first search: each run repeats the last choices and changes the last one that has an
 * alternative.
 */
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
 * @param askedAfter milliseconds from the decision until the revocation request
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
      orders: inMemoryRevocationRequests(),
      facts: inMemoryFacts(),
      continuations: inMemoryContinuations(),
      clock,
    };
    const order = {
      revocationId: 'order',
      selector: { audience: record.audience },
      by: 'security.team',
      requestedAt: clock.time,
    };
    // The token is stored long before the request, or concurrently with it.
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
      await run([continueRevocations(['order'], clock.time + 40_000, ports)], choose);
    }
    const revoked = records.states.get(record.tokenId);
    expect(revoked).toMatchObject({ status: 'revoked', revocationId: 'order' });
    expect(await ports.orders.get('order')).toMatchObject({ revoked: 1, completedAt: expect.any(Number) });
    walks.add(revoked?.status === 'revoked' && revoked.revokedLate ? 'second walk' : 'first walk');
  });
  return { walks: [...walks].sort(), runs };
}

it('a revocation request revokes and counts a token that is stored and indexed concurrently, in any interleaving', async () => {
  const { walks, runs } = await outcomes({});
  // In some runs the first walk found the token, in others the second.
  expect(walks).toEqual(['first walk', 'second walk']);
  expect(runs).toBeGreaterThan(1_000);
}, 120_000);

it('a revocation request revokes and counts a token that is stored as late as allowed and never indexed', async () => {
  const { walks } = await outcomes({ storedAfter: STORED_WITHIN, indexed: false });
  expect(walks).toEqual(['first walk', 'second walk']);
}, 120_000);

it('a revocation request revokes and counts a token that was stored a minute ago and is indexed concurrently', async () => {
  const { walks } = await outcomes({ askedAfter: 60_000 });
  expect(walks).toEqual(['first walk']);
}, 120_000);
