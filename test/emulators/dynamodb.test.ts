/**
 * Tests engine behaviour that the adapters rely on and not every engine has. `differences.ts` lists which engine has
 * it.
 */
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, PutItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DependencyFault } from '@tvm/core/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import {
  expiryPartition,
  INDEX_BY_EXPIRY,
  INDEX_BY_SUBJECT,
  recordKey,
  subjectPartition,
} from '#lambdas/adapters/dynamo/items.ts';
import { dynamoOpenTokens } from '#lambdas/adapters/dynamo/open-tokens.ts';
import { dynamoRecentBehaviour } from '#lambdas/adapters/dynamo/recent-behaviour.ts';
import { dynamoRevocationRequests } from '#lambdas/adapters/dynamo/revocation-requests.ts';
import { eventually } from '../support/eventually.ts';
import { type DynamoDifference, differences } from './differences.ts';
import { streamOf } from './probes/stream.ts';

const { target, emulator } = inject('deployed');
const dynamo = new DynamoDBClient(target);

/** The attributes that each index has in addition to keys. */
const DEPLOYED = { bySubject: ['expiresAt'], byExpiry: ['subject', 'audience', 'access', 'decidedAt'] };

/** Creates a table like the deployed one, with a stream and with indexes that have these attributes. */
async function tableWith(projected: typeof DEPLOYED): Promise<string> {
  const TableName = `indexes-${randomUUID()}`;
  const keys = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  const projection = (NonKeyAttributes: string[]) =>
    NonKeyAttributes.length === 0
      ? { ProjectionType: 'KEYS_ONLY' as const }
      : { ProjectionType: 'INCLUDE' as const, NonKeyAttributes };
  const index = (IndexName: string, partition: string, sort: string, attributes: string[]) => ({
    IndexName,
    KeySchema: keys(partition, sort),
    Projection: projection(attributes),
  });
  const types = {
    pk: 'S',
    sk: 'S',
    subjectPartition: 'S',
    expiryPartition: 'S',
    decidedAt: 'N',
    expiresAt: 'N',
  } as const;
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: Object.entries(types).map(([AttributeName, AttributeType]) => ({
        AttributeName,
        AttributeType,
      })),
      KeySchema: keys('pk', 'sk'),
      GlobalSecondaryIndexes: [
        index(INDEX_BY_SUBJECT, 'subjectPartition', 'decidedAt', projected.bySubject),
        index(INDEX_BY_EXPIRY, 'expiryPartition', 'expiresAt', projected.byExpiry),
      ],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 30 }, { TableName });
  return TableName;
}

describe('an adapter that reads an index of tokens', () => {
  const now = Date.now();
  const subject = 'arn:aws:iam::111122223333:role/indexes';
  const open = { subject, audience: 'orders-db', access: 'read', decidedAt: now - 1, expiresAt: now + 1_000 };

  /** Creates a table with one unexpired token. */
  async function withToken(projected: typeof DEPLOYED): Promise<string> {
    const TableName = await tableWith(projected);
    const partitions = {
      subjectPartition: subjectPartition('ISSUED', subject, 0),
      expiryPartition: expiryPartition(open.expiresAt, 0),
    };
    const Item = { ...recordKey(randomUUID()), ...marshall({ ...open, ...partitions }) };
    await dynamo.send(new PutItemCommand({ TableName, Item }));
    return TableName;
  }

  async function openIn(TableName: string): Promise<object[]> {
    const tokens = [];
    for await (const some of dynamoOpenTokens(dynamo, TableName, 60).at(now)) tokens.push(...some);
    return tokens;
  }

  const activeIn = async (TableName: string) =>
    (await dynamoRecentBehaviour(dynamo, TableName, 60).of(subject, now)).active;

  /** Checks the known behaviour of this engine: it rejects the query as AWS does, or returns what AWS never would. */
  async function refusedOr(what: unknown, difference: DynamoDifference, call: () => Promise<unknown>): Promise<void> {
    const word = emulator && differences.DynamoDB[difference].does[emulator];
    if (word === 'refused') await expect(call()).rejects.toThrow(DependencyFault);
    if (word === 'let through') await eventually(async () => expect(await call()).toEqual(what));
  }

  it('has all attributes that it requests', async () => {
    const table = await withToken(DEPLOYED);
    await eventually(async () => expect(await openIn(table)).toEqual([open]));
    expect(await activeIn(table)).toBe(1);
  });

  it('fails on AWS’s engine if the index lacks a requested attribute', async () => {
    const table = await withToken({ ...DEPLOYED, byExpiry: [] });
    const { expiresAt } = open;
    await refusedOr([{ expiresAt }], 'an attribute that an index does not hold', () => openIn(table));
  });

  it('fails on AWS’s engine if the index lacks an attribute of the filter', async () => {
    const table = await withToken({ ...DEPLOYED, bySubject: [] });
    await refusedOr(1, 'a filter on what an index does not hold', () => activeIn(table));
  });
});

it('a revocation request that is submitted ten times at once is in the stream once', async () => {
  const table = await tableWith(DEPLOYED);
  const now = Date.now();
  const order = {
    revocationId: randomUUID(),
    selector: { resource: 'orders-db/eu/orders/open' },
    revokedBefore: now,
    from: now,
    by: 'security.team',
    orderedAt: now,
  };
  const orders = dynamoRevocationRequests(dynamo, table, 60);
  const placed = await Promise.all(Array.from({ length: 10 }, () => orders.submit(order)));
  expect(placed).toEqual(Array(10).fill({ ...order, revoked: 0 }));
  // Stream records are in the order of the writes, so no record of the other nine writes can follow this one.
  const last = { ...order, revocationId: randomUUID() };
  await orders.submit(last);
  await eventually(async () => {
    const keys = (await streamOf(target, table)).map(({ dynamodb: { Keys } }) => Keys.pk.S);
    expect(keys).toEqual([order, last].map(({ revocationId }) => `ORDER#${revocationId}`));
  });
});
