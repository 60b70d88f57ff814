import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import { BATCH_GET, batchGet, inBatches } from './requests.ts';

type Item = Record<string, AttributeValue>;

/** The items that the table holds now. */
export interface StoredItems {
  /** Strongly consistent. @param keys each once @returns the items that there are, in any order */
  getMany(keys: readonly Item[]): Promise<Item[]>;
}

/** How many batches are read at the same time: the largest batch of the stream takes three rounds. */
const AT_ONCE = 4;

/** Items of the table of the token records. */
export function dynamoStoredItems(dynamo: DynamoDBClient, TableName: string): StoredItems {
  return {
    async getMany(keys) {
      return (
        await mapAtMost(AT_ONCE, inBatches(keys, BATCH_GET), (batch) => batchGet(dynamo, TableName, batch))
      ).flat();
    },
  };
}
