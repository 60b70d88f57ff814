import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { TokenIndex, TokenRecords } from '@tvm/core/records/ports.ts';
import type { DeniedRecord, IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import { type IndexEntry, indexEntries, indexPosition, PENDING } from '@tvm/core/records/token-selector.ts';
import { describe, expect, inject, it } from 'vitest';
import { INDEX_SHARDS, indexKey, shardOf } from '#lambdas/adapters/dynamo/items.ts';
import { dynamoTokenIndex } from '#lambdas/adapters/dynamo/token-index.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { inMemoryIndex, inMemoryRecords } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);

const inMemory = inMemoryRecords();
const inDynamo = dynamoTokenRecords(dynamo, outputs.TableName);
const adapters: [string, TokenIndex, TokenRecords][] = [
  ['in memory', inMemoryIndex(inMemory), inMemory],
  ['DynamoDB', dynamoTokenIndex(dynamo, outputs.TableName), inDynamo],
];

const NOW = Date.now();
let tasks = 0;
const freshTask = () => `index-${process.pid}-${++tasks}`;

function decided(task: string, age: number, change: Partial<TokenRecord> = {}): TokenRecord {
  return {
    status: 'issued',
    tokenId: crypto.randomUUID(),
    subject: 'arn:aws:iam::111122223333:role/ports',
    account: '111122223333',
    audience: 'orders-db',
    authorizationDetails: [{ type: 'resource', locations: [`${task}/db/orders`], actions: ['read'] }],
    lifetime: 900,
    task,
    sourceIp: '203.0.113.7',
    requestId: 'request-1',
    decidedAt: NOW - age,
    policies: [],
    policyBundle: 'e'.repeat(64),
    ttl: Math.floor(NOW / 1000) + 3_600,
    expiresAt: NOW + 900_000,
    keyId: 'key-1',
    statusList: { list: 1, index: 0 },
    size: 800,
    signedDigest: new Uint8Array(32),
    ...change,
  } as TokenRecord;
}

const ids = (records: TokenRecord[]) => records.map(({ tokenId }) => tokenId);
const newestFirst = (records: TokenRecord[]) =>
  records.toSorted((a, b) => (indexPosition(a.decidedAt, a.tokenId) < indexPosition(b.decidedAt, b.tokenId) ? 1 : -1));

describe.each(adapters)('an index of records: %s', (_, index, tokenRecords) => {
  const taskEntry = (value: string): IndexEntry => ({ dimension: 'task', value });
  const whole = { kinds: ['issued'] as const, since: 0, until: NOW };

  async function added(...records: TokenRecord[]) {
    await Promise.all(records.map((record) => index.add(record)));
    return newestFirst(records);
  }

  async function pages(query: Parameters<TokenIndex['page']>[0], meanwhile = async () => {}) {
    const found: string[][] = [];
    let position: string | undefined;
    do {
      const { tokenIds, next } = await index.page({ ...query, position });
      found.push(tokenIds);
      position = next;
      await meanwhile();
    } while (position !== undefined);
    return found;
  }

  it('returns the newest first, page by page, each once, over all its shards', async () => {
    const task = freshTask();
    const records = await added(...Array.from({ length: 23 }, (_, age) => decided(task, age % 5)));
    expect(new Set(records.map(({ tokenId }) => shardOf(tokenId) % 4)).size).toBeGreaterThan(1);
    const found = await pages({ ...whole, at: [taskEntry(task)], limit: 5 });
    expect(found.flat()).toEqual(ids(records));
    expect(found.slice(0, 4).map(({ length }) => length)).toEqual([5, 5, 5, 5]);
    expect(await index.page({ ...whole, at: [taskEntry(task)], limit: 23 })).toEqual({ tokenIds: ids(records) });
  });

  it('has stable pages while records are added', async () => {
    const task = freshTask();
    const records = await added(...Array.from({ length: 12 }, (_, age) => decided(task, age + 10)));
    const found = await pages({ ...whole, at: [taskEntry(task)], limit: 3 }, () => index.add(decided(task, 0)));
    expect(found.flat()).toEqual(ids(records));
  });

  it('separates denials, and returns both kinds on request', async () => {
    const task = freshTask();
    const token = decided(task, 2);
    const denial = decided(task, 1, { status: 'denied', denial: 'policy' });
    await added(token, denial);
    const of = async (...kinds: ('issued' | 'denied')[]) =>
      (await index.page({ ...whole, kinds, at: [taskEntry(task)], limit: 5 })).tokenIds;
    expect(await of('issued')).toEqual([token.tokenId]);
    expect(await of('denied')).toEqual([denial.tokenId]);
    expect(await of('issued', 'denied')).toEqual([denial.tokenId, token.tokenId]);
  });

  it('finds records under several entries, and returns each once', async () => {
    const [one, other] = [freshTask(), freshTask()];
    const records = await added(...[one, one, other].map((task, age) => decided(task, age)));
    const at = [taskEntry(one), { dimension: 'resource' as const, value: `${one}/db` }, taskEntry(other)];
    expect((await pages({ ...whole, at, limit: 2 })).flat()).toEqual(ids(records));
    expect(
      (await index.page({ ...whole, at: [{ dimension: 'resource', value: `${one}/d` }], limit: 2 })).tokenIds,
    ).toEqual([]);
  });

  it('limits results to a range of decision times, both ends included', async () => {
    const task = freshTask();
    const records = await added(...[1_000, 2_000, 3_000, 4_000].map((age) => decided(task, age)));
    const between = { kinds: whole.kinds, at: [taskEntry(task)], since: NOW - 3_000, until: NOW - 2_000, limit: 5 };
    expect((await index.page(between)).tokenIds).toEqual(ids(records.slice(1, 3)));
    expect(await index.page({ ...between, since: NOW, until: NOW - 1 })).toEqual({ tokenIds: [] });
    const position = indexPosition(NOW - 3_000, '');
    expect(await index.page({ ...between, position })).toEqual({ tokenIds: [] });
  });

  it('returns a token for every query as soon as it is stored, and after indexing only for matching queries', async () => {
    const [task, other] = [freshTask(), freshTask()];
    const record = decided(task, 1) as IssuedRecord;
    const isFound = async (value: string, more: Partial<Parameters<TokenIndex['page']>[0]> = {}) => {
      // Other tokens may be pending at the same time.
      const found = await pages({ ...whole, at: [taskEntry(value)], limit: 50, ...more });
      return found.flat().filter((tokenId) => tokenId === record.tokenId).length;
    };
    expect(await isFound(task)).toBe(0);
    await tokenRecords.put(record);
    expect([await isFound(task), await isFound(other)]).toEqual([1, 1]);
    expect(await isFound(task, { until: record.decidedAt - 1 })).toBe(0);
    expect(await isFound(task, { kinds: ['denied'] })).toBe(0);
    await index.add(record);
    expect([await isFound(task), await isFound(other)]).toEqual([1, 0]);
  });

  it('returns a denial only after it is indexed', async () => {
    const task = freshTask();
    const denial = decided(task, 1, { status: 'denied', denial: 'policy' }) as DeniedRecord;
    const found = async () => (await pages({ ...whole, kinds: ['denied'], at: [taskEntry(task)], limit: 5 })).flat();
    await tokenRecords.put(denial);
    expect(await found()).toEqual([]);
    await index.add(denial);
    expect(await found()).toEqual([denial.tokenId]);
  });

  it('indexes a record idempotently', async () => {
    const task = freshTask();
    const record = decided(task, 1);
    await added(record);
    await added(record);
    expect(await index.page({ ...whole, at: [taskEntry(task)], limit: 5 })).toEqual({ tokenIds: ids([record]) });
  });

  it('has a record under each of its entries, even if there are very many', async () => {
    const task = freshTask();
    const locations = Array.from({ length: 50 }, (_, index) => `${task}/${index}/a/b/*`);
    const record = decided(task, 1, {
      authorizationDetails: [{ type: 'resource', locations, actions: ['read', 'write'] }],
    });
    await added(record);
    expect(indexEntries(record).length).toBeGreaterThan(200);
    for (const at of indexEntries(record).filter(({ value }) => value.startsWith(task))) {
      expect((await index.page({ ...whole, at: [at], limit: 1 })).tokenIds).toEqual([record.tokenId]);
    }
  });
});

it('a token in DynamoDB that is added between the reads of a page is in the page', async () => {
  const task = freshTask();
  const record = decided(task, 1) as IssuedRecord;
  await inDynamo.put(record);
  let queries = 0;
  const between: Pick<DynamoDBClient, 'send'> = {
    send: async (command: Parameters<DynamoDBClient['send']>[0]) => {
      const response = await dynamo.send(command);
      // The first query of each shard.
      if (command instanceof QueryCommand && ++queries === INDEX_SHARDS)
        await dynamoTokenIndex(dynamo, outputs.TableName).add(record);
      return response;
    },
  };
  const index = dynamoTokenIndex(between as DynamoDBClient, outputs.TableName);
  const at: IndexEntry[] = [{ dimension: 'task', value: task }];
  const page = { kinds: ['issued'] as const, at, since: record.decidedAt, until: record.decidedAt, limit: 50 };
  expect((await index.page(page)).tokenIds).toContain(record.tokenId);
  expect(queries).toBe(2 * INDEX_SHARDS);
});

it('a pending entry in DynamoDB expires with its token', async () => {
  const record = decided(freshTask(), 1) as IssuedRecord;
  await inDynamo.put(record);
  const Key = indexKey(record, PENDING);
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key, ConsistentRead: true }));
  expect(Item).toEqual({ ...Key, ttl: { N: String(Math.ceil(record.expiresAt / 1000)) } });
});

it('an entry in DynamoDB expires with its record', async () => {
  const record = decided(freshTask(), 1);
  await dynamoTokenIndex(dynamo, outputs.TableName).add(record);
  const entry: IndexEntry = { dimension: 'task', value: record.task ?? '' };
  const Key = indexKey(record, entry);
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key }));
  expect(Item).toEqual({ ...Key, ttl: { N: String(record.ttl) } });
});
