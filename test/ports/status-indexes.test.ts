import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { StatusReference } from '@tvm/core/records/token-record.ts';
import type { StatusIndexes } from '@tvm/core/status-lists/ports.ts';
import { LEASE, LEASE_SIZE } from '@tvm/core/status-lists/status-list.ts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamoStatusIndexes } from '#lambdas/adapters/dynamo/status-indexes.ts';
import { countingStatusIndexes } from '../fakes/in-memory-records.ts';
import { clockAt } from '../fakes/in-memory-service.ts';
import { statusListTable } from '../support/status-list-table.ts';

const { target } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const clock = clockAt(Date.UTC(2026, 0, 1));

let table: Awaited<ReturnType<typeof statusListTable>>;
beforeEach(async () => {
  table = await statusListTable(dynamo);
});
afterEach(() => table.drop());

/** Returns the number of the leased block of a list that an index is in, from 0 on. */
const blockOf = ({ index }: StatusReference) => Math.floor(index / LEASE_SIZE);
const nameOf = ({ list, index }: StatusReference) => `${list}/${index}`;
const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

/** Instances in one deployment, like functions that run at the same time. */
const adapters: [string, (count: number, size: number) => StatusIndexes[]][] = [
  ['in memory', (count, size) => Array(count).fill(countingStatusIndexes(size))],
  [
    'DynamoDB',
    (count, size) => Array.from({ length: count }, () => dynamoStatusIndexes(dynamo, table.name, size, clock)),
  ],
];

describe.each(adapters)('status list indexes: %s', (_, instances) => {
  it('are allocated once each to concurrent callers', async () => {
    const [indexes] = instances(1, 10_000) as [StatusIndexes];
    const taken = await times(350, () => indexes.take());
    expect(new Set(taken.map(nameOf)).size).toBe(350);
  });

  it('are allocated once each across concurrent instances, and across the end of each list', async () => {
    const size = 250;
    const taken = (await Promise.all(instances(4, size).map((indexes) => times(300, () => indexes.take())))).flat();
    expect(new Set(taken.map(nameOf)).size).toBe(1_200);
    expect(taken.every(({ list, index }) => list >= 1 && index >= 0 && index < size)).toBe(true);
    expect(Math.max(...taken.map(({ list }) => list))).toBeGreaterThan(1);
  });

  it('are all allocated before the next list begins', async () => {
    const [indexes] = instances(1, 150) as [StatusIndexes];
    for (const list of [1, 2]) {
      const taken: StatusReference[] = [];
      for (let count = 0; count < 150; count++) taken.push(await indexes.take());
      // The first index causes the publication of the list.
      expect(taken[0]).toEqual({ list, index: 0 });
      const whole = Array.from({ length: 150 }, (__, index) => nameOf({ list, index }));
      expect(taken.map(nameOf).sort()).toEqual(whole.sort());
    }
  });
});

describe('leases of indexes in DynamoDB', () => {
  it('are used up in an order that differs from block to block', async () => {
    const indexes = dynamoStatusIndexes(dynamo, table.name, 1_000_000, clock);
    const blocks: number[][] = [];
    for (let block = 0; block < 3; block++) {
      const taken = await times(LEASE_SIZE, () => indexes.take());
      blocks.push(taken.map(({ index }) => index - block * LEASE_SIZE));
      expect(blocks[block]?.toSorted((a, b) => a - b)).toEqual(Array.from({ length: LEASE_SIZE }, (_, at) => at));
    }
    // Two equal shuffles of 100 elements do not occur in practice.
    expect(new Set(blocks.map((block) => block.join())).size).toBe(3);
  });

  /** Returns a client that counts its calls, and fails when a test says so. */
  function watched() {
    const client = new DynamoDBClient({ ...target, maxAttempts: 1 });
    const state = { client, calls: 0, failing: false };
    client.middlewareStack.add(
      (next) => async (args) => {
        state.calls++;
        if (state.failing) throw new Error('throttled');
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
    return state;
  }

  async function ready(state: ReturnType<typeof watched>) {
    const indexes = dynamoStatusIndexes(state.client, table.name, 1_000_000, clock);
    await indexes.ready();
    state.calls = 0;
    return indexes;
  }

  it('cost a token no call after the first lease, and one call in the background per block', async () => {
    const state = watched();
    const indexes = await ready(state);
    for (let count = 0; count < LEASE_SIZE / 2; count++) await indexes.take();
    expect(state.calls).toBe(0);
    for (let count = 0; count < LEASE_SIZE * 4; count++) await indexes.take();
    expect(state.calls).toBeLessThanOrEqual(5);
  });

  it('may fail as long as indexes are left, and are an error of a dependency when none are left', async () => {
    const state = watched();
    const indexes = await ready(state);
    state.failing = true;
    for (let count = 0; count < LEASE_SIZE; count++) await indexes.take();
    await expect(indexes.take()).rejects.toThrow(DependencyFault);
    state.failing = false;
    expect(blockOf(await indexes.take())).toBe(1);
  });

  it('are used for a bounded time: indexes of an old lease are never allocated', async () => {
    const state = watched();
    const now = clockAt(clock.time);
    const indexes = dynamoStatusIndexes(state.client, table.name, 1_000_000, now);
    expect(await indexes.take()).toEqual({ list: 1, index: 0 });
    now.time += LEASE * 1000;
    expect(blockOf(await indexes.take())).toBe(1);
  });

  it('are renewed in the background after half of their time', async () => {
    const state = watched();
    const now = clockAt(clock.time);
    const indexes = dynamoStatusIndexes(state.client, table.name, 1_000_000, now);
    await indexes.ready();
    now.time += (LEASE * 1000) / 2;
    expect(await indexes.take()).toEqual({ list: 1, index: 0 });
    await expect.poll(() => state.calls).toBe(3);
    now.time += (LEASE * 1000) / 2;
    expect(blockOf(await indexes.take())).toBe(1);
  });
});
