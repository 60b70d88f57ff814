import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { TokenIndex } from '@tvm/core/records/ports.ts';
import { type IndexEntry, indexEntries, indexPosition, PENDING } from '@tvm/core/records/token-selector.ts';
import { awsCall } from '../aws-call.ts';
import { INDEX_SHARDS, indexKey, indexPartition } from './items.ts';
import { BATCH_WRITE, batchWrite, inBatches } from './requests.ts';

/** Maximum number of concurrent calls: enough to be quick, but too few to throttle token issuance. */
const AT_ONCE = 32;

/**
 * The index of token records. Its entries are items of the table itself, because global secondary indexes have no
 * strongly consistent reads. `token-records.ts` stores the entry {@link PENDING} of a token together with its record.
 */
export function dynamoTokenIndex(dynamo: DynamoDBClient, TableName: string): TokenIndex {
  /** Returns the newest positions in one partition between two positions, both inclusive. */
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
      // Deleted last: until all other entries are stored, a revocation finds the token through this one.
      if (record.status !== 'denied') {
        await batchWrite(dynamo, TableName, [{ DeleteRequest: { Key: indexKey(record, PENDING) } }]);
      }
    },

    async page({ kinds, at, since, until, position, limit }) {
      if (until < since) return { tokenIds: [] };
      // Token ids are never empty, so these positions belong to no record. They sort before all records of their time.
      const from = indexPosition(since, '');
      const end = indexPosition(until + 1, '');
      const to = position !== undefined && position < end ? position : end;
      if (to < from) return { tokenIds: [] };
      const within = (kind: 'issued' | 'denied', entry: IndexEntry) =>
        Array.from({ length: INDEX_SHARDS }, (_, shard) => indexPartition(kind, entry, shard));
      // Read one more than requested: the item at `to` itself is excluded below.
      const read = (partitions: string[]) =>
        mapAtMost(AT_ONCE, partitions, (partition) => newest(partition, from, to, limit + 1));
      // Read the pending entries first. A token that is indexed meanwhile is then in at least one of the two reads.
      const pending = kinds.includes('issued') ? await read(within('issued', PENDING)) : [];
      const added = await read(kinds.flatMap((kind) => at.flatMap((entry) => within(kind, entry))));
      const pages = [...pending, ...added];
      const all = [...new Set(pages.flatMap(({ positions }) => positions))].filter((found) => found < to);
      const page = all.sort().reverse().slice(0, limit);
      const more = all.length > limit || pages.some((part) => part.more);
      const next = more ? page.at(-1) : undefined;
      return {
        tokenIds: page.map((found) => found.slice(found.indexOf('#') + 1)),
        ...(next !== undefined && { next }),
      };
    },
  };
}
