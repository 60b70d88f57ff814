import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { ReceivedSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { receivedSecurityEventKey } from './items.ts';

/**
 * The security event tokens that were received, in the table of the token records.
 *
 * @param keepFor how long each is remembered, in seconds: at least as long as an old one is accepted
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
      // Its time was over between the two calls.
      if (Item === undefined) return event;
      const { digest, receivedAt, obeyed } = unmarshall(Item);
      return { digest, receivedAt, obeyed };
    },

    async obeyed(issuer, jti) {
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
