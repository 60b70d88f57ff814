import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { RecentBehaviour } from '@tvm/core/issuing/ports.ts';
import { awsCall } from '../aws-call.ts';
import { INDEX_BY_SUBJECT, SHARDS, subjectPartition } from './items.ts';

/** The period that counts as recent, in milliseconds. `policies/schema.cedarschema` documents the same period. */
const RECENT = 5 * 60_000;

/**
 * Counts the recent requests of a caller in the index of the token records. All queries, one per shard and count, run
 * concurrently.
 *
 * A query counts no further than one page of its index partition, some thousands of entries per shard. Any sensible
 * policy has a lower limit.
 *
 * @param maxLifetime maximum lifetime of a token, in seconds; older records cannot be unexpired
 */
export function dynamoRecentBehaviour(dynamo: DynamoDBClient, TableName: string, maxLifetime: number): RecentBehaviour {
  async function count(
    kind: 'ISSUED' | 'DENIED',
    subject: string,
    since: number,
    unexpiredAt?: number,
  ): Promise<number> {
    const filter: Partial<QueryCommandInput> =
      unexpiredAt === undefined ? {} : { FilterExpression: 'expiresAt > :now' };
    const counts = Array.from({ length: SHARDS }, async (_, shard) => {
      const command = new QueryCommand({
        TableName,
        IndexName: INDEX_BY_SUBJECT,
        Select: 'COUNT',
        // Newest first: the filter applies to one page only, and the newest records are the likeliest to match.
        ScanIndexForward: false,
        KeyConditionExpression: 'subjectPartition = :partition AND decidedAt > :since',
        ...filter,
        ExpressionAttributeValues: {
          ':partition': { S: subjectPartition(kind, subject, shard) },
          ':since': { N: String(since) },
          ...(unexpiredAt !== undefined && { ':now': { N: String(unexpiredAt) } }),
        },
      });
      const { Count = 0 } = await awsCall('DynamoDB', dynamo.send(command));
      return Count;
    });
    return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
  }

  return {
    async of(subject, now) {
      const [issued, denied, active] = await Promise.all([
        count('ISSUED', subject, now - RECENT),
        count('DENIED', subject, now - RECENT),
        count('ISSUED', subject, now - maxLifetime * 1000, now),
      ]);
      return { issued, denied, active };
    },
  };
}
