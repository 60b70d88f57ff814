import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { eventually } from '../../support/eventually.ts';
import type { DynamoDifference } from '../differences.ts';
import { streamOf } from './stream.ts';
import { type At, fresh, outcome, type Probe } from './tools.ts';

/** What DynamoDB accepts and rejects, and what its streams report. Probes share a table, but no items. */
export const dynamodb: Record<DynamoDifference, Probe> = {
  'a reserved word': (at) => updates(at, 'SET status = :one'),
  'one attribute changed twice': (at) => updates(at, 'SET a = :one REMOVE a'),
  'a clause that comes twice': (at) => updates(at, 'SET a = :one SET b = :one'),

  'an attribute that an index does not hold': (at) =>
    queries(at, { ...ofIndex, ExpressionAttributeNames: { '#not': 'notHeld' }, ProjectionExpression: '#not' }),
  'all attributes of an index that does not hold them': (at) => queries(at, { ...ofIndex, Select: 'ALL_ATTRIBUTES' }),
  'a filter on what an index does not hold': (at) => queries(at, { ...ofIndex, FilterExpression: 'notHeld = :one' }),
  'a consistent read of an index': (at) => queries(at, { ...ofIndex, ConsistentRead: true }),
  'a filter on a key': (at) => queries(at, { FilterExpression: 'sk = :one' }),
  'a filter of more than 300 operators': (at) =>
    queries(at, { FilterExpression: Array.from({ length: 302 }, () => 'v = :one').join(' OR ') }),
  'more than 100 values of IN': (at) => {
    const values = Array.from({ length: 101 }, (_, nth) => [`:v${nth}`, { N: String(nth) }]);
    return queries(at, { FilterExpression: `v IN (${values.map(([name]) => name)})` }, Object.fromEntries(values));
  },
  'BETWEEN of two types': (at) => queries(at, { FilterExpression: 'v BETWEEN :one AND :two' }, { ':two': { N: '2' } }),
  'another comparison of keys': (at) => queries(at, { KeyConditionExpression: 'pk = :one AND sk <> :one' }),

  'a sum of 38 digits': async (at) => {
    const Key = item();
    const add = (N: string) => update(at, { Key, UpdateExpression: 'ADD v :v' }, { ':v': { N } });
    await add('12345678901234567890123456789012345678');
    const { Attributes } = await add('1');
    return Attributes?.v?.N === '12345678901234567890123456789012345679' ? 'exact' : 'rounded';
  },

  'a sum of 39 digits': async (at) => {
    const Key = item();
    const add = (N: string) => update(at, { Key, UpdateExpression: 'ADD v :v' }, { ':v': { N } });
    await add('99999999999999999999999999999999999999');
    return outcome(add('0.1'));
  },

  'an item of more than 400 KB': async (at) => {
    const Item = { ...item(), v: { S: 'x'.repeat(410_000) } };
    return outcome(dynamoOf(at).send(new PutItemCommand({ TableName: await table(at), Item })));
  },

  'a transaction of more than 100 items': async (at) => transacts(at, Array.from({ length: 101 }, item)),

  'one item twice in a transaction': async (at) => {
    const Item = item();
    return transacts(at, [Item, Item]);
  },

  'one token for two transactions': async (at) => {
    const ClientRequestToken = crypto.randomUUID();
    const first = await transacts(at, [item()], ClientRequestToken);
    if (first !== 'let through') throw new Error(`a transaction with a token was ${first}`);
    return transacts(at, [item()], ClientRequestToken);
  },

  'the reasons of a cancelled transaction': async (at) => {
    const TableName = await table(at);
    const [there, other] = [item(), item()];
    await dynamoOf(at).send(new PutItemCommand({ TableName, Item: there }));
    const condition = { ConditionExpression: 'attribute_not_exists(pk)' };
    const puts = [{ Put: { TableName, Item: other } }, { Put: { TableName, Item: there, ...condition } }];
    const reasons = await cancelled(dynamoOf(at).send(new TransactWriteItemsCommand({ TransactItems: puts })));
    const { Item } = await dynamoOf(at).send(new GetItemCommand({ TableName, Key: other, ConsistentRead: true }));
    return reasons === 'None, ConditionalCheckFailed' && Item === undefined ? 'returned, and nothing written' : reasons;
  },

  'an impossible update in a transaction': async (at) => {
    const update = {
      TableName: await table(at),
      Key: item(),
      UpdateExpression: 'SET a.b = :one',
      ExpressionAttributeValues: { ':one': { S: 'x' } },
    };
    const transaction = dynamoOf(at).send(new TransactWriteItemsCommand({ TransactItems: [{ Update: update }] }));
    return (await cancelled(transaction)) === 'ValidationError' ? 'cancelled' : outcome(transaction);
  },

  'a page of a filtered query': async (at) => {
    const TableName = await table(at);
    const { pk, sk } = item();
    for (const v of ['1', '2', '3']) {
      await dynamoOf(at).send(new PutItemCommand({ TableName, Item: { pk, sk: { S: `${sk.S}${v}` }, v: { N: v } } }));
    }
    const { Count, ScannedCount, LastEvaluatedKey } = await dynamoOf(at).send(
      new QueryCommand({
        TableName,
        Limit: 2,
        KeyConditionExpression: 'pk = :pk',
        FilterExpression: 'v > :two',
        ExpressionAttributeValues: { ':pk': pk, ':two': { N: '2' } },
      }),
    );
    return Count === 0 && ScannedCount === 2 && LastEvaluatedKey !== undefined ? 'empty' : 'filled up';
  },

  'a write that changes nothing': async (at) => {
    const { names } = await recorded(at);
    return names.join(' ') === 'INSERT MODIFY REMOVE' ? 'no record' : `a record: ${names.join(' ')}`;
  },

  'the size of a stream’s record': async (at) => {
    const { sizes } = await recorded(at);
    return sizes.every((size) => size > 0) ? 'present' : 'missing';
  },
};

const ofIndex = { IndexName: 'by-group', KeyConditionExpression: 'g = :one' };
const dynamoOf = ({ target }: At) => new DynamoDBClient({ ...target, maxAttempts: 1 });

/** Returns the key of a new item. */
const item = () => ({ pk: { S: fresh() }, sk: { S: 'a' } });

let made: Promise<string> | undefined;

/** Returns the name of the probes' table. It has a sparse index that holds only keys, and a stream. */
function table(at: At): Promise<string> {
  made ??= createTable(at);
  return made;
}

async function createTable(at: At): Promise<string> {
  const TableName = fresh();
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  const KeySchema = [key('g', 'HASH')];
  await dynamoOf(at).send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'g'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      GlobalSecondaryIndexes: [{ IndexName: 'by-group', KeySchema, Projection: { ProjectionType: 'KEYS_ONLY' } }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  await eventually(async () => {
    const { Table } = await dynamoOf(at).send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus !== 'ACTIVE') throw new Error('the table is not active yet');
  });
  return TableName;
}

type Values = Record<string, AttributeValue>;

async function update(at: At, how: Omit<UpdateItemCommandInput, 'TableName'>, ExpressionAttributeValues: Values) {
  const TableName = await table(at);
  const command = new UpdateItemCommand({ TableName, ExpressionAttributeValues, ReturnValues: 'ALL_NEW', ...how });
  return dynamoOf(at).send(command);
}

async function updates(at: At, UpdateExpression: string): Promise<string> {
  await table(at);
  return outcome(update(at, { Key: item(), UpdateExpression }, { ':one': { S: 'x' } }));
}

async function queries(at: At, how: Partial<QueryCommandInput>, values: Values = {}): Promise<string> {
  const command = new QueryCommand({
    TableName: await table(at),
    KeyConditionExpression: 'pk = :one',
    ExpressionAttributeValues: { ':one': { S: 'x' }, ...values },
    ...how,
  });
  return outcome(dynamoOf(at).send(command));
}

async function transacts(at: At, items: Values[], ClientRequestToken?: string): Promise<string> {
  const TableName = await table(at);
  const TransactItems = items.map((Item) => ({ Put: { TableName, Item } }));
  return outcome(dynamoOf(at).send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken })));
}

/** @returns the reasons for which a transaction was cancelled, or that there are none */
async function cancelled(transaction: Promise<unknown>): Promise<string> {
  const error: unknown = await transaction.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof TransactionCanceledException)) return 'no reasons';
  return (error.CancellationReasons ?? []).map(({ Code }) => Code).join(', ');
}

/**
 * Returns the stream records of an item that is put twice, updated twice and deleted twice, each second time without
 * effect.
 */
async function recorded(at: At): Promise<{ names: string[]; sizes: number[] }> {
  const TableName = await table(at);
  const dynamo = dynamoOf(at);
  const Key = item();
  const twice = async (write: () => Promise<unknown>) => {
    await write();
    await write();
  };
  await twice(() => dynamo.send(new PutItemCommand({ TableName, Item: { ...Key, v: { N: '1' } } })));
  await twice(() => update(at, { Key, UpdateExpression: 'SET v = :two' }, { ':two': { N: '2' } }));
  await twice(() => dynamo.send(new DeleteItemCommand({ TableName, Key })));
  return eventually(async () => {
    const records = (await streamOf(at.target, TableName)).filter(({ dynamodb }) => dynamodb.Keys.pk.S === Key.pk.S);
    if (records.at(-1)?.eventName !== 'REMOVE') throw new Error('the stream is not complete yet');
    return {
      names: records.map(({ eventName }) => eventName),
      sizes: records.map(({ dynamodb }) => dynamodb.SizeBytes),
    };
  });
}
