import { randomBytes } from 'node:crypto';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { StatusLists } from '@tvm/core/status-lists/ports.ts';
import type { StatusList } from '@tvm/core/status-lists/published-status-list.ts';
import { compress, emptyBits, publish } from '@tvm/core/status-lists/status-list.ts';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamoStatusIndexes } from '#lambdas/adapters/dynamo/status-indexes.ts';
import { dynamoStatusLists } from '#lambdas/adapters/dynamo/status-lists.ts';
import { inMemoryStatusLists } from '../fakes/in-memory-status-lists.ts';
import { localKeys } from '../fakes/local-keys.ts';
import { statusListTable } from '../support/status-list-table.ts';

const { target } = inject('deployed');
const dynamo = new DynamoDBClient(target);

let table: Awaited<ReturnType<typeof statusListTable>>;
beforeEach(async () => {
  table = await statusListTable(dynamo);
});
afterEach(() => table.drop());

function statusList(change: Partial<StatusList> = {}): StatusList {
  return {
    list: 1,
    version: 1,
    places: 1_000,
    compressed: new Uint8Array(compress(emptyBits(1_000))),
    keyId: 'I_wJM2zijKztH37L7cONzXJCNJrFcDZaflZaqkv0Ip8',
    uri: 'https://tokens.example.com/status-lists/1',
    token: 'e30.e30.c2ln',
    etag: '"first"',
    issuedAt: 1_767_267_900_000,
    expiresAt: 1_767_268_800_000,
    ...change,
  };
}

const adapters: [string, () => { lists: StatusLists; begin(): Promise<unknown> }][] = [
  [
    'in memory',
    () => {
      const lists = inMemoryStatusLists();
      return {
        lists,
        begin: async () => {
          lists.current = 1;
        },
      };
    },
  ],
  [
    'DynamoDB',
    () => ({
      lists: dynamoStatusLists(dynamo, table.name),
      begin: () => dynamoStatusIndexes(dynamo, table.name, 1_000, Date).take(),
    }),
  ],
];

describe.each(adapters)('status lists: %s', (_, made) => {
  it('are read as they were stored, and published without their working data', async () => {
    const { lists } = made();
    const stored = statusList({ overAt: 1_767_400_000_000 });
    expect(await lists.put(stored)).toBe(true);
    expect(await lists.get(1)).toEqual(stored);
    const { token, etag, expiresAt } = stored;
    expect(await lists.published(1)).toEqual({ token, etag, expiresAt });
    expect(await lists.get(2)).toBeUndefined();
    expect(await lists.published(2)).toBeUndefined();
  });

  it('are changed only with the current version', async () => {
    const { lists } = made();
    expect(await lists.put(statusList({ version: 2 }))).toBe(false);
    expect(await lists.put(statusList())).toBe(true);
    expect(await lists.put(statusList({ etag: '"late"' }))).toBe(false);
    const both = [statusList({ version: 2, etag: '"one"' }), statusList({ version: 2, etag: '"other"' })];
    const done = await Promise.all(both.map((list) => lists.put(list)));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect((await lists.get(1))?.etag).toBe(both[done.indexOf(true)]?.etag);
  });

  it('range from the oldest list that is not retired to the one that indexes are allocated from', async () => {
    const { lists, begin } = made();
    expect(await lists.span()).toEqual({ oldest: 1, current: 0 });
    await begin();
    expect(await lists.span()).toEqual({ oldest: 1, current: 1 });
    await lists.retire(3);
    await lists.retire(1);
    expect(await lists.span()).toEqual({ oldest: 4, current: 1 });
  });
});

it('a list of a million tokens fits into an item, even if it does not compress', async () => {
  const lists = dynamoStatusLists(dynamo, table.name);
  const { signer } = await localKeys();
  const rules = { issuer: 'https://tokens.example.com', size: 1_000_000, ttl: 60, validity: 900 };
  const compressed = new Uint8Array(compress(randomBytes(125_000)));
  const largest = statusList({ ...(await publish(1, compressed, rules, signer, Date.now())), compressed });
  expect(await lists.put(largest)).toBe(true);
  expect(await lists.get(1)).toEqual(largest);
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
  const [{ length: signed }, { length: bits }] = [largest.token, compressed];
  expect(signed + bits).toBeLessThan(400 * 1024 - 2_000);
});

it('the item of a list expires a day after its last token', async () => {
  const overAt = 1_767_400_000_000;
  const lists = dynamoStatusLists(dynamo, table.name);
  const ttlOf = async () => {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: table.name, Key: { pk: { S: 'LIST#1' } } }));
    return Item?.ttl?.N;
  };
  await lists.put(statusList());
  expect(await ttlOf()).toBeUndefined();
  await lists.put(statusList({ version: 2, overAt }));
  expect(await ttlOf()).toBe(String(overAt / 1000 + 86_400));
});
