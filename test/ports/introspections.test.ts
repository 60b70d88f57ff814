import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Introspections } from '@tvm/core/records/audit-fact.ts';
import type { IntrospectionCounts } from '@tvm/core/verification/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoIntrospections } from '#lambdas/adapters/dynamo/introspections.ts';
import { auditedItem, introspectionsKey } from '#lambdas/adapters/dynamo/items.ts';
import { inMemoryIntrospections } from '../fakes/in-memory-upkeep.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const { TableName } = outputs;

type Key = Parameters<typeof introspectionsKey>[0];

/** The counters, with a way to read a count. */
interface Counted extends IntrospectionCounts {
  read(key: Key): Promise<Introspections | undefined>;
}

const inMemory = inMemoryIntrospections();
const adapters: [string, Counted][] = [
  [
    'in memory',
    {
      add: inMemory.add,
      read: async (key) =>
        inMemory
          .counts()
          .find((counted) => Object.entries(key).every(([name, value]) => counted[name as keyof Key] === value)),
    },
  ],
  [
    'DynamoDB',
    {
      ...dynamoIntrospections(dynamo, TableName),
      async read(key) {
        const { Item } = await dynamo.send(
          new GetItemCommand({ TableName, Key: introspectionsKey(key), ConsistentRead: true }),
        );
        const found = auditedItem(Item);
        return found?.kind === 'introspections' ? found.introspections : undefined;
      },
    },
  ],
];

describe.each(adapters)('introspections: %s', (_, counts) => {
  const minute = Date.UTC(2026, 0, 1, 12, 34);
  const ttl = Math.floor(minute / 1_000) + 86_400;
  const about = () => ({
    tokenId: crypto.randomUUID(),
    subject: 'arn:aws:iam::111122223333:role/orders-service',
    audience: 'orders-db',
    by: 'arn:aws:iam::111122223333:role/orders-db',
    result: 'active' as const,
  });

  it('are counted by token, minute, resource server and result', async () => {
    const introspection = about();
    const other = { ...introspection, by: 'arn:aws:iam::111122223333:role/reports-db' };
    const revoked = { ...introspection, result: 'revoked' as const };
    await counts.add(introspection, minute, ttl);
    await counts.add(introspection, minute + 59_999, ttl);
    await counts.add(introspection, minute + 60_000, ttl);
    await counts.add(other, minute + 1, ttl);
    await counts.add(revoked, minute + 2, ttl);
    expect(await counts.read({ ...introspection, minute })).toEqual({
      ...introspection,
      minute,
      last: minute + 59_999,
      count: 2,
    });
    const next = minute + 60_000;
    expect(await counts.read({ ...introspection, minute: next })).toEqual({
      ...introspection,
      minute: next,
      last: next,
      count: 1,
    });
    expect(await counts.read({ ...other, minute })).toEqual({ ...other, minute, last: minute + 1, count: 1 });
    expect(await counts.read({ ...revoked, minute })).toEqual({ ...revoked, minute, last: minute + 2, count: 1 });
    expect(await counts.read({ ...about(), minute })).toBeUndefined();
  });

  it('are all counted when they are concurrent', async () => {
    const introspection = about();
    await Promise.all(Array.from({ length: 20 }, (_, n) => counts.add(introspection, minute + n, ttl)));
    expect(await counts.read({ ...introspection, minute })).toMatchObject({ count: 20 });
  });
});

it('introspections in DynamoDB expire with the record of their token', async () => {
  const [at, ttl] = [Date.UTC(2026, 0, 1), 1_767_355_200];
  const introspection = {
    tokenId: crypto.randomUUID(),
    subject: 's',
    audience: 'a',
    by: 'b',
    result: 'active' as const,
  };
  await dynamoIntrospections(dynamo, TableName).add(introspection, at, ttl);
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName, Key: introspectionsKey({ ...introspection, minute: at }) }),
  );
  expect(Item?.ttl).toEqual({ N: String(ttl) });
});
