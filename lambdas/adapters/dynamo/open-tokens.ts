import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { OpenToken, OpenTokens } from '@tvm/core/tokens-view/ports.ts';
import { awsCall } from '../aws-call.ts';
import { expiryPartition, INDEX_BY_EXPIRY, SHARDS } from './items.ts';

/** Maximum number of concurrent queries. */
const AT_ONCE = 32;

const MINUTE = 60_000;

/**
 * Unexpired tokens, read from the index `by-expiry`, minute by minute. A record leaves that index when its token is
 * revoked, fails or is marked as expired. Expired tokens that are not marked yet are skipped.
 *
 * @param maxLifetime maximum lifetime of a token, in seconds; bounds the minutes that are read
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
