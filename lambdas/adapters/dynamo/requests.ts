import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type DynamoDBClient,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { DependencyFault } from '@tvm/core/ports.ts';
import { awsCall } from '../aws-call.ts';

type Item = Record<string, AttributeValue>;

/** Maximum number of items in one BatchGetItem call. */
export const BATCH_GET = 100;

/** Maximum number of writes in one BatchWriteItem call. */
export const BATCH_WRITE = 25;

/** Maximum number of consecutive attempts without progress, which take about three seconds. */
const WITHOUT_PROGRESS = 8;

/**
 * Reads items with strong consistency. DynamoDB may process only a part of a batch, because of the items' size or
 * throttling, so the rest is requested again.
 *
 * @param keys at most {@link BATCH_GET} distinct keys
 * @returns the items that exist, in any order
 * @throws DependencyFault if a call fails, or if DynamoDB repeatedly reads nothing
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function batchGet(dynamo: DynamoDBClient, TableName: string, keys: readonly Item[]): Promise<Item[]> {
  const found: Item[] = [];
  await untilProcessed([...keys], async (Keys) => {
    const command = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
    const { Responses, UnprocessedKeys } = await awsCall('DynamoDB', dynamo.send(command));
    found.push(...(Responses?.[TableName] ?? []));
    return UnprocessedKeys?.[TableName]?.Keys;
  });
  return found;
}

/**
 * Writes a batch, and repeats the requests that DynamoDB did not process.
 *
 * @param requests at most {@link BATCH_WRITE} requests for distinct items
 * @throws DependencyFault if a call fails, or if DynamoDB repeatedly writes nothing
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
 */
export async function batchWrite(
  dynamo: DynamoDBClient,
  TableName: string,
  requests: readonly WriteRequest[],
): Promise<void> {
  await untilProcessed([...requests], async (left) => {
    const command = new BatchWriteItemCommand({ RequestItems: { [TableName]: left } });
    const { UnprocessedItems } = await awsCall('DynamoDB', dynamo.send(command));
    return UnprocessedItems?.[TableName];
  });
}

/** Sends the unprocessed part of a batch again, with exponential backoff and jitter, until nothing is left. */
async function untilProcessed<T>(batch: T[], send: (left: T[]) => Promise<T[] | undefined>): Promise<void> {
  let left = batch;
  for (let withoutProgress = 0; left.length > 0; ) {
    const unprocessed = (await send(left)) ?? [];
    withoutProgress = unprocessed.length < left.length ? 0 : withoutProgress + 1;
    if (withoutProgress > WITHOUT_PROGRESS) throw new DependencyFault('DynamoDB', new Error('unprocessed items'));
    if (unprocessed.length > 0) await sleep((0.5 + Math.random() / 2) * 25 * 2 ** Math.min(withoutProgress, 6));
    left = unprocessed;
  }
}

/** Splits a list into batches of at most `size` elements. */
export function inBatches<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

/**
 * Builds an update expression that sets attributes, without those that are `undefined`. Callers may extend the
 * expression, names and values.
 */
export function setting(attributes: object) {
  const set = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    expression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    names: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
    values: marshall(Object.fromEntries(set.map(([name, value]) => [`:${name}`, value]))),
  };
}
