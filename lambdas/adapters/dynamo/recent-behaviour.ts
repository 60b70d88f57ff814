import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { RecentBehaviour } from '@tvm/core/issuing/ports.ts';
import { awsCall } from '../aws-call.ts';
import { INDEX_BY_SUBJECT, SHARDS, subjectPartition } from './items.ts';

/** How long back «lately» is, in milliseconds: as `policies/schema.cedarschema` says. */
const LATELY = 5 * 60_000;

/**
 * What callers did lately, counted in the index of the token records: a query for each shard and each count, all at once.
 *
 * A count stops at what one page of an index partition holds, some thousands of entries a shard: more than any policy
 * would let pass.
 *
 * @param maxLifetime the longest that a token lives, in seconds: older ones need no look
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
        // The newest first: a filter counts on one page what is left of it.
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
        count('ISSUED', subject, now - LATELY),
        count('DENIED', subject, now - LATELY),
        count('ISSUED', subject, now - maxLifetime * 1000, now),
      ]);
      return { issued, denied, active };
    },
  };
}
