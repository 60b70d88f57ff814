import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { TokenIndex } from '@tvm/core/records/ports.ts';
import { type IndexEntry, indexEntries, indexPosition, PENDING } from '@tvm/core/records/token-selector.ts';
import { awsCall } from '../aws-call.ts';
import { INDEX_SHARDS, indexKey, indexPartition } from './items.ts';
import { BATCH_WRITE, batchWrite, inBatches } from './requests.ts';

/** How many calls are under way at the same time: enough to be quick, few enough not to throttle issuing. */
const AT_ONCE = 32;

/**
 * The index of records as items of the table itself, so that it can be read with strong consistency. The entry
 * {@link PENDING} of a token is stored with its record, by token-records.ts.
 */
export function dynamoTokenIndex(dynamo: DynamoDBClient, TableName: string): TokenIndex {
  /** The newest positions of one partition within two positions, both of them in it. */
  async function newest(partition: string, from: string, to: string, Limit: number) {
    const command = new QueryCommand({
      TableName,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit,
      KeyConditionExpression: 'pk = :partition AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: marshall({ ':partition': partition, ':from': from, ':to': to }),
      ProjectionExpression: 'sk',
    });
    const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
    return { positions: Items.map((item) => item.sk?.S ?? ''), more: LastEvaluatedKey !== undefined };
  }

  return {
    async add(record) {
      const ttl = marshall({ ttl: record.ttl });
      const requests = indexEntries(record).map((entry) => ({
        PutRequest: { Item: { ...indexKey(record, entry), ...ttl } },
      }));
      await mapAtMost(AT_ONCE, inBatches(requests, BATCH_WRITE), (batch) => batchWrite(dynamo, TableName, batch));
      // Only now: until all the others are there, this one is how a revocation finds the token.
      if (record.status !== 'denied') {
        await batchWrite(dynamo, TableName, [{ DeleteRequest: { Key: indexKey(record, PENDING) } }]);
      }
    },

    async page({ kinds, at, since, until, position, limit }) {
      if (until < since) return { tokenIds: [] };
      // No id is empty: these two are no record's positions, but stand before and after those of their times.
      const from = indexPosition(since, '');
      const end = indexPosition(until + 1, '');
      const to = position !== undefined && position < end ? position : end;
      if (to < from) return { tokenIds: [] };
      const within = (kind: 'issued' | 'denied', entry: IndexEntry) =>
        Array.from({ length: INDEX_SHARDS }, (_, shard) => indexPartition(kind, entry, shard));
      // One more than is wanted: the one at the position itself is not.
      const read = (partitions: string[]) =>
        mapAtMost(AT_ONCE, partitions, (partition) => newest(partition, from, to, limit + 1));
      // First what is pending: a token that is added meanwhile is in one of the two reads, or in both.
      const pending = kinds.includes('issued') ? await read(within('issued', PENDING)) : [];
      const added = await read(kinds.flatMap((kind) => at.flatMap((entry) => within(kind, entry))));
      const parts = [...pending, ...added];
      const all = [...new Set(parts.flatMap(({ positions }) => positions))].filter((found) => found < to);
      const page = all.sort().reverse().slice(0, limit);
      const more = all.length > limit || parts.some((part) => part.more);
      const next = more ? page.at(-1) : undefined;
      return {
        tokenIds: page.map((found) => found.slice(found.indexOf('#') + 1)),
        ...(next !== undefined && { next }),
      };
    },
  };
}
