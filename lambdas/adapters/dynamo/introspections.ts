import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { IntrospectionCounts } from '@tvm/core/verification/ports.ts';
import { awsCall } from '../aws-call.ts';
import { introspectionsKey } from './items.ts';
import { setting } from './requests.ts';

/**
 * Client settings of what counts: the resource server waits for it, so it is given up after a moment. And it is tried once,
 * since an addition whose answer was lost would be made twice. Milliseconds.
 */
export const countingSettings = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 300, requestTimeout: 300, throwOnRequestTimeout: true },
} as const;

const MINUTE = 60_000;

/** Introspections, counted in an item for each token, minute, resource server and result. */
export function dynamoIntrospections(dynamo: DynamoDBClient, TableName: string): IntrospectionCounts {
  return {
    async add(told, at, ttl) {
      const minute = at - (at % MINUTE);
      const set = setting({ ...told, minute, last: at, ttl });
      const command = new UpdateItemCommand({
        TableName,
        Key: introspectionsKey({ ...told, minute }),
        UpdateExpression: `${set.expression} ADD #count :one`,
        ExpressionAttributeNames: { ...set.names, '#count': 'count' },
        ExpressionAttributeValues: { ...set.values, ':one': { N: '1' } },
      });
      await awsCall('DynamoDB', dynamo.send(command));
    },
  };
}
