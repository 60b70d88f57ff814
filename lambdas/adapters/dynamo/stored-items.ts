import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import { BATCH_GET, batchGet, inBatches } from './requests.ts';

type Item = Record<string, AttributeValue>;

/** Reads the current items of the table. */
export interface StoredItems {
  /** Reads items with strong consistency. @param keys distinct keys @returns the items that exist, in any order */
  getMany(keys: readonly Item[]): Promise<Item[]>;
}

/** Maximum number of concurrent reads. The largest batch of the stream takes three rounds. */
const AT_ONCE = 4;

/** Items of the token records table. */
export function dynamoStoredItems(dynamo: DynamoDBClient, TableName: string): StoredItems {
  return {
    async getMany(keys) {
      return (
        await mapAtMost(AT_ONCE, inBatches(keys, BATCH_GET), (batch) => batchGet(dynamo, TableName, batch))
      ).flat();
    },
  };
}
