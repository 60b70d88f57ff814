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

/** The most items that one BatchGetItem reads. */
export const BATCH_GET = 100;

/** The most writes that one BatchWriteItem takes. */
export const BATCH_WRITE = 25;

/** How often in a row a batch may make no progress before that is a fault: for some three seconds. */
const WITHOUT_PROGRESS = 8;

/**
 * Reads items, strongly consistent, until DynamoDB has read them all: it may read a part, for the size of the items or
 * when it is throttled.
 *
 * @param keys at most {@link BATCH_GET}, each once
 * @returns the items that there are, in any order
 * @throws DependencyFault when a call fails, or DynamoDB goes on reading nothing
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
 * Writes until DynamoDB has taken every request.
 *
 * @param requests at most {@link BATCH_WRITE}, each for another item
 * @throws DependencyFault when a call fails, or DynamoDB goes on taking nothing
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

/** Sends what DynamoDB leaves of a batch again, with exponential backoff and jitter, until nothing is left. */
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

/** A list in parts of at most this many members. */
export function inBatches<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

/** An update that sets attributes to values; an `undefined` one stays as it is. Names and values may be added to. */
export function setting(attributes: object) {
  const set = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return {
    expression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    names: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
    values: marshall(Object.fromEntries(set.map(([name, value]) => [`:${name}`, value]))),
  };
}
