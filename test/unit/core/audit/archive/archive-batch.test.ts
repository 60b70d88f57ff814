import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type ArchivedEvent, archiveBatch, isRecent } from '@tvm/core/audit/archive/archive-batch.ts';
import { checkObject } from '@tvm/core/audit/archive/check-object.ts';
import { describeObject } from '@tvm/core/audit/archive/digest.ts';
import { firstEventAt, HOUR } from '@tvm/core/audit/archive/names.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemoryAdopted, inMemoryArchive } from '#test/fakes/in-memory-archive.ts';
import { archivedEvent, NOON } from '#test/support/archived-events.ts';

const events = (count: number, of = 'event') =>
  Array.from({ length: count }, (_, nth) => archivedEvent(`${of}-${nth}`, NOON + nth * 1_000, nth));

const idsIn = (content: Map<string, Uint8Array>) =>
  [...content.keys()].sort().map((key) =>
    Buffer.from(content.get(key) ?? [])
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).eventId),
  );

describe('a batch', () => {
  it('becomes one object with one line per event, named after the first event', async () => {
    const objects = inMemoryArchive();
    const result = await archiveBatch(events(3), { objects, adopted: inMemoryAdopted() });
    expect(result).toEqual({ archived: 3, known: 0 });
    expect([...objects.content.keys()]).toEqual(['events/dt=2026-11-22/hour=12/2026-11-22T120000.000Z-event-0.ndjson']);
    expect(idsIn(objects.content)).toEqual([['event-0', 'event-1', 'event-2']]);
  });

  it('without events becomes no object', async () => {
    const objects = inMemoryArchive();
    expect(await archiveBatch([], { objects, adopted: inMemoryAdopted() })).toEqual({ archived: 0, known: 0 });
    expect(objects.content.size).toBe(0);
  });

  it.each([
    ['unchanged', [[0, 5]], [[0, 5]]],
    [
      'longer',
      [[0, 8]],
      [
        [0, 5],
        [5, 8],
      ],
    ],
    [
      'shorter, followed by the rest',
      [
        [0, 2],
        [2, 7],
      ],
      [
        [0, 5],
        [5, 7],
      ],
    ],
    [
      'one by one',
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
        [4, 5],
        [5, 6],
      ],
      [
        [0, 5],
        [5, 6],
      ],
    ],
  ])('that is delivered again, %s, is archived once', async (_, batches, archived) => {
    const ports = { objects: inMemoryArchive(), adopted: inMemoryAdopted() };
    const all = events(8);
    await archiveBatch(all.slice(0, 5), ports);
    for (const [from, to] of batches) await archiveBatch(all.slice(from, to), ports);
    const ids = all.map(({ eventId }) => eventId);
    expect(idsIn(ports.objects.content)).toEqual(archived.map(([from, to]) => ids.slice(from, to)));
  });

  it('is archived even if other events were archived under its name or with its event ids', async () => {
    const ports = { objects: inMemoryArchive(), adopted: inMemoryAdopted() };
    const batch = events(4);
    const [first, second, third] = batch;
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are four');
    const under = (id: ArchivedEvent, { record }: ArchivedEvent): ArchivedEvent => ({
      ...id,
      record: { ...record, eventId: id.eventId },
    });
    // Twice, so that the objects are adopted.
    const named = [under(first, third), under(second, third), under(third, first)];
    const beside = [under({ ...third, eventId: 'invented' }, first), under(second, first)];
    for (const forged of [named, named, beside, beside]) await archiveBatch(forged, ports);
    expect(await archiveBatch(batch, ports)).toEqual({ archived: 4, known: 0 });
    expect(await archiveBatch(batch.slice(0, 2), ports)).toEqual({ archived: 0, known: 2 });
    expect(await archiveBatch(batch.slice(1), ports)).toEqual({ archived: 0, known: 3 });
    const lines = [...ports.objects.content].flatMap(([, content]) =>
      Buffer.from(content).toString().trim().split('\n'),
    );
    for (const { record } of batch) {
      const same = lines
        .map((line) => JSON.parse(line))
        .filter(({ chain, ...line }) => isDeepStrictEqual(line, record));
      expect(same).toHaveLength(1);
    }
    for (const [key, content] of ports.objects.content) {
      expect(firstEventAt(key)).toBeDefined();
      expect(checkObject(describeObject(key, content), content)).toEqual([]);
    }
  });

  it('that is delivered again with properties in another order is archived once', async () => {
    const ports = { objects: inMemoryArchive(), adopted: inMemoryAdopted() };
    const turned = ({ record, ...event }: ArchivedEvent): ArchivedEvent => ({
      ...event,
      record: Object.fromEntries(Object.entries(record).reverse()) as ArchivedEvent['record'],
    });
    await archiveBatch(events(3), ports);
    expect(await archiveBatch(events(3).map(turned), ports)).toEqual({ archived: 0, known: 3 });
  });

  it('stops if an object does not contain the event that its name derives from', async () => {
    const ports = { objects: inMemoryArchive(), adopted: inMemoryAdopted() };
    const [first, second] = events(2);
    if (first === undefined || second === undefined) throw new Error('there are two');
    await archiveBatch([first], ports);
    const [key = ''] = ports.objects.content.keys();
    ports.objects.content.set(key, Buffer.from('{"eventId":"other"}\n'));
    await expect(archiveBatch([first, second], ports)).rejects.toThrow('does not contain the event');
  });
});

it('a change is recent as long as the stream may deliver it, with a margin for clock differences', () => {
  const recent = [-27 * HOUR, -25 * HOUR, 0, 4 * 60_000, 6 * 60_000, Number.NaN].map((ago) =>
    isRecent(NOON + ago, NOON),
  );
  expect(recent).toEqual([false, true, true, true, false, false]);
});

type Random = (below: number) => number;

/** Ports that fail at random, before or after they take effect. The failures are counted. */
function faulty(random: Random, faults: Map<string, number>, ports: Parameters<typeof archiveBatch>[1]) {
  let calm = false;
  const failing =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      for (let turns = random(3); turns > 0; turns--) await turn();
      const fail = (when: string) => {
        if (calm || random(6) > 0) return;
        faults.set(`${name} ${when}`, (faults.get(`${name} ${when}`) ?? 0) + 1);
        throw new Error(`${name} failed`);
      };
      fail('refused');
      const result = await call(...args);
      fail('crashed or lost its response after completion');
      for (let turns = random(3); turns > 0; turns--) await turn();
      return result;
    };
  return {
    recover: () => {
      calm = true;
    },
    ports: {
      objects: {
        ...ports.objects,
        putNew: failing('putNew', ports.objects.putNew),
        get: failing('get', ports.objects.get),
      },
      adopted: {
        events: failing('events', ports.adopted.events),
        add: failing('add', ports.adopted.add),
      },
    },
  };
}

/**
 * Reads a shard like Lambda: batches in order, each repeated until it succeeds, starting after the last known success.
 * Simulates everything that Lambda does not rule out: different batches on repetition, repeated delivery of successful
 * batches, loss of recent checkpoints, and abandoned invocations that continue to run.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
 */
async function readShard(
  shard: readonly ArchivedEvent[],
  random: Random,
  did: (what: string) => void,
  archive: (batch: readonly ArchivedEvent[]) => Promise<unknown>,
  isCalm: () => boolean,
): Promise<void> {
  const ends = [0];
  const abandoned: Promise<unknown>[] = [];
  for (let at = 0; at < shard.length; ) {
    const end = Math.min(shard.length, at + 1 + random(7));
    const invocation = archive(shard.slice(at, end)).then(
      () => true,
      () => false,
    );
    if (!isCalm() && random(6) === 0) {
      did('invocation abandoned while running');
      abandoned.push(invocation);
      continue;
    }
    if (!(await invocation)) continue;
    if (!isCalm() && random(6) === 0) {
      did('checkpoint lost');
      continue;
    }
    at = end;
    ends.push(end);
    if (!isCalm() && random(8) === 0) {
      did('went back to an earlier checkpoint');
      at = ends[random(ends.length)] ?? 0;
    }
  }
  await Promise.all(abandoned);
}

it('archives each event exactly once, in order, for all failures and all deliveries of the stream', async () => {
  const injected = new Map<string, number>();
  const did = (what: string) => injected.set(what, (injected.get(what) ?? 0) + 1);
  let archived = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.nat()),
      fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 }),
      async (numbers, sizes) => {
        const random: Random = (below) => numbers.next().value % below;
        const objects = inMemoryArchive();
        const { ports, recover } = faulty(random, injected, { objects, adopted: inMemoryAdopted() });
        let invocations = 0;
        // After the outage, everything must be archived.
        const isCalm = () => invocations > 150;
        const archive = (batch: readonly ArchivedEvent[]) => {
          invocations += 1;
          if (isCalm()) recover();
          return archiveBatch(batch, ports);
        };
        const shards = sizes.map((size, nth) => events(size, `shard-${nth}`));
        await Promise.all(shards.map((shard) => readShard(shard, random, did, archive, isCalm)));

        const ids = idsIn(objects.content).flat();
        for (const [nth, shard] of shards.entries()) {
          expect(ids.filter((id) => id.startsWith(`shard-${nth}-`))).toEqual(shard.map(({ eventId }) => eventId));
        }
        expect(ids).toHaveLength(shards.flat().length);
        archived += ids.length;
        for (const [key, content] of objects.content) {
          expect(checkObject(describeObject(key, content), content)).toEqual([]);
        }
      },
    ),
    { numRuns: 200 },
  );
  const where = [...injected].sort().map(([fault, times]) => `  ${times} × ${fault}`);
  console.log(`${archived} events, each archived once, despite these failures:\n${where.join('\n')}`);
  const kinds = ['putNew', 'get', 'events', 'add'].flatMap((port) => [
    `${port} refused`,
    `${port} crashed or lost its response after completion`,
  ]);
  const stream = ['invocation abandoned while running', 'checkpoint lost', 'went back to an earlier checkpoint'];
  for (const kind of [...kinds, ...stream]) expect(injected.get(kind), kind).toBeGreaterThan(20);
});
