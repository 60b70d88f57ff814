import { setTimeout as sleep } from 'node:timers/promises';
import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DependencyFault } from '@tvm/core/ports.ts';
import { awsCall } from '../aws-call.ts';

type Item = Record<string, AttributeValue>;

/** DynamoDB reads at most this many items in one BatchGetItem. */
export const BATCH_GET = 100;

/** How often in a row DynamoDB may read nothing before that is a fault: for some three seconds. */
const IN_VAIN = 8;

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
  let left = [...keys];
  for (let inVain = 0; left.length > 0; ) {
    const command = new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: left, ConsistentRead: true } } });
    const { Responses, UnprocessedKeys } = await awsCall('DynamoDB', dynamo.send(command));
    found.push(...(Responses?.[TableName] ?? []));
    const unread = UnprocessedKeys?.[TableName]?.Keys ?? [];
    inVain = unread.length < left.length ? 0 : inVain + 1;
    if (inVain > IN_VAIN) throw new DependencyFault('DynamoDB', new Error('unprocessed keys'));
    if (unread.length > 0) await sleep(25 * 2 ** Math.min(inVain, 6));
    left = unread;
  }
  return found;
}
