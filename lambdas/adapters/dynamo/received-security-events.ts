import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ReceivedSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { receivedSecurityEventKey } from './items.ts';

/**
 * Received security event tokens, stored in the token records table to detect replays.
 *
 * @param keepFor how long each token is stored, in seconds; at least the maximum age of an accepted token
 */
export function dynamoReceivedSecurityEvents(
  dynamo: DynamoDBClient,
  TableName: string,
  keepFor: number,
): ReceivedSecurityEvents {
  return {
    async note(issuer, jti, event) {
      const Key = receivedSecurityEventKey(issuer, jti);
      const ttl = Math.ceil(event.receivedAt / 1000) + keepFor;
      const put = new PutItemCommand({
        TableName,
        Item: { ...Key, ...marshall({ ...event, ttl }) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      if (await conditionHolds(dynamo.send(put))) return event;
      const get = new GetItemCommand({ TableName, Key, ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(get));
      // The item expired between the two calls.
      if (Item === undefined) return event;
      const { digest, receivedAt, obeyed } = unmarshall(Item);
      return { digest, receivedAt, obeyed };
    },

    async markProcessed(issuer, jti) {
      const update = new UpdateItemCommand({
        TableName,
        Key: receivedSecurityEventKey(issuer, jti),
        UpdateExpression: 'SET obeyed = :yes',
        ExpressionAttributeValues: marshall({ ':yes': true }),
      });
      await awsCall('DynamoDB', dynamo.send(update));
    },
  };
}
