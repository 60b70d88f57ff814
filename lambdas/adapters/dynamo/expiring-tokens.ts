import { type DynamoDBClient, GetItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ExpiringTokens } from '@tvm/core/records/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { expiryPartition, INDEX_BY_EXPIRY, SHARDS, SWEEP_KEY } from './items.ts';

/** Maximum number of ids read from one shard per query. */
const PAGE = 100;

/**
 * Tokens not yet marked as expired, from the sparse index `by-expiry`, and the sweep's checkpoint in the table itself.
 */
export function dynamoExpiringTokens(dynamo: DynamoDBClient, TableName: string): ExpiringTokens {
  async function page(partition: string, until: number, ExclusiveStartKey: QueryStart) {
    const command = new QueryCommand({
      TableName,
      IndexName: INDEX_BY_EXPIRY,
      KeyConditionExpression: 'expiryPartition = :partition AND expiresAt <= :until',
      ExpressionAttributeValues: marshall({ ':partition': partition, ':until': until }),
      Limit: PAGE,
      ExclusiveStartKey,
    });
    const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
    return {
      tokenIds: Items.map(({ pk }) => String(pk?.S).slice('TOKEN#'.length)),
      rest: LastEvaluatedKey && { partition, start: LastEvaluatedKey },
    };
  }

  return {
    async *within(minute, until) {
      let open: { partition: string; start: QueryStart }[] = Array.from({ length: SHARDS }, (_, shard) => ({
        partition: expiryPartition(minute, shard),
        start: undefined,
      }));
      while (open.length > 0) {
        const pages = await Promise.all(open.map(({ partition, start }) => page(partition, until, start)));
        yield pages.flatMap(({ tokenIds }) => tokenIds);
        open = pages.flatMap(({ rest }) => rest ?? []);
      }
    },

    async sweptTo() {
      const command = new GetItemCommand({ TableName, Key: SWEEP_KEY, ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      return Item && unmarshall(Item).sweptTo;
    },

    async advance(minute) {
      const command = new UpdateItemCommand({
        TableName,
        Key: SWEEP_KEY,
        UpdateExpression: 'SET sweptTo = :minute',
        ConditionExpression: 'attribute_not_exists(sweptTo) OR sweptTo < :minute',
        ExpressionAttributeValues: marshall({ ':minute': minute }),
      });
      // If the condition fails, a concurrent sweep is further ahead.
      await conditionHolds(dynamo.send(command));
    },
  };
}

type QueryStart = ConstructorParameters<typeof QueryCommand>[0]['ExclusiveStartKey'];
