import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import { type Dimension, indexEntries } from '@tvm/core/records/token-selector.ts';
import { expect } from 'vitest';
import { indexKey, toItem } from '#lambdas/adapters/dynamo/items.ts';

/** The maximum number of items in one BatchWriteItem request. */
const BATCH = 25;

/**
 * Writes records and their index entries in the adapters' format. Issuing so many tokens would take too long.
 *
 * @param looked the index entries that a test will query
 */
export async function seedRecords(
  dynamo: DynamoDBClient,
  table: string,
  all: readonly IssuedRecord[],
  looked: Dimension,
): Promise<void> {
  const requests = all.flatMap((record): WriteRequest[] => {
    const entries = indexEntries(record).filter(({ dimension }) => dimension === looked);
    const items = entries.map((entry) => ({ ...indexKey(record, entry), ...marshall({ ttl: record.ttl }) }));
    return [toItem(record), ...items].map((Item) => ({ PutRequest: { Item } }));
  });
  await mapAtMost(4, inParts(requests, BATCH), async (batch) => {
    const command = new BatchWriteItemCommand({ RequestItems: { [table]: batch } });
    expect((await dynamo.send(command)).UnprocessedItems ?? {}).toEqual({});
  });
}

/** Splits a list into parts of at most `size` elements. */
export function inParts<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, part) => all.slice(part * size, (part + 1) * size));
}
