import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { OpenToken, OpenTokens } from '@tvm/core/tokens-view/ports.ts';
import { awsCall } from '../aws-call.ts';
import { expiryPartition, INDEX_BY_EXPIRY, SHARDS } from './items.ts';

/** How many queries are under way at the same time. */
const AT_ONCE = 32;

const MINUTE = 60_000;

/**
 * The tokens in the index of what is yet to expire, minute by minute. A record leaves that index when it ends in any way;
 * one past its end that has not left it yet is skipped.
 *
 * @param maxLifetime the longest that a token lives, in seconds: none ends later than that
 */
export function dynamoOpenTokens(dynamo: DynamoDBClient, TableName: string, maxLifetime: number): OpenTokens {
  async function tokensOf(partition: string, now: number): Promise<OpenToken[]> {
    const found: OpenToken[] = [];
    let ExclusiveStartKey: Record<string, AttributeValue> | undefined;
    do {
      const command: QueryCommand = new QueryCommand({
        TableName,
        IndexName: INDEX_BY_EXPIRY,
        KeyConditionExpression: 'expiryPartition = :partition AND expiresAt > :now',
        ExpressionAttributeNames: { '#access': 'access' },
        ExpressionAttributeValues: { ':partition': { S: partition }, ':now': { N: String(now) } },
        ProjectionExpression: 'subject, audience, #access, decidedAt, expiresAt',
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      });
      const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
      found.push(...Items.map((item) => unmarshall(item) as OpenToken));
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined);
    return found;
  }

  return {
    async *at(now) {
      const minutes = Math.floor((now + maxLifetime * 1000) / MINUTE) - Math.floor(now / MINUTE) + 1;
      const partitions = Array.from({ length: minutes }, (_, minute) =>
        Array.from({ length: SHARDS }, (_, shard) => expiryPartition(now + minute * MINUTE, shard)),
      ).flat();
      for (let at = 0; at < partitions.length; at += AT_ONCE) {
        const some = partitions.slice(at, at + AT_ONCE).map((partition) => tokensOf(partition, now));
        yield (await Promise.all(some)).flat();
      }
    },
  };
}
