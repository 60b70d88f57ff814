import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { IntrospectionCounts } from '@tvm/core/verification/ports.ts';
import { awsCall } from '../aws-call.ts';
import { introspectionsKey } from './items.ts';
import { setting } from './requests.ts';

/**
 * Client settings for counting introspections, in milliseconds. The timeouts are short because the resource server
 * waits for the count. There is no retry: if only the response was lost, a retry would count the introspection twice.
 */
export const countingSettings = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 300, requestTimeout: 300, throwOnRequestTimeout: true },
} as const;

const MINUTE = 60_000;

/** Introspection counts, one item per token, minute, resource server and result. */
export function dynamoIntrospections(dynamo: DynamoDBClient, TableName: string): IntrospectionCounts {
  return {
    async add(introspection, at, ttl) {
      const minute = at - (at % MINUTE);
      const set = setting({ ...introspection, minute, last: at, ttl });
      const command = new UpdateItemCommand({
        TableName,
        Key: introspectionsKey({ ...introspection, minute }),
        UpdateExpression: `${set.expression} ADD #count :one`,
        ExpressionAttributeNames: { ...set.names, '#count': 'count' },
        ExpressionAttributeValues: { ...set.values, ':one': { N: '1' } },
      });
      await awsCall('DynamoDB', dynamo.send(command));
    },
  };
}
