import { DeleteItemCommand, type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';
import { awsCall } from '../aws-call.ts';
import { pendingSecurityEventKey, pendingSecurityEventsPartition } from './items.ts';

/** How long an unacknowledged security event token is stored, in seconds: 7 days. */
const KEPT_FOR = 604_800;

/** Maximum number of concurrent calls. */
const AT_ONCE = 32;

/** Security event tokens that receivers have yet to poll, stored in the token records table. */
export function dynamoPendingSecurityEvents(dynamo: DynamoDBClient, TableName: string): PendingSecurityEvents {
  return {
    async keep(receiver, { jti, set }) {
      const ttl = Math.ceil(Date.now() / 1000) + KEPT_FOR;
      const Item = { ...pendingSecurityEventKey(receiver, jti), ...marshall({ jti, set, ttl }) };
      await awsCall('DynamoDB', dynamo.send(new PutItemCommand({ TableName, Item })));
    },

    async remove(receiver, jtis) {
      await mapAtMost(AT_ONCE, jtis, async (jti) => {
        const command = new DeleteItemCommand({ TableName, Key: pendingSecurityEventKey(receiver, jti) });
        await awsCall('DynamoDB', dynamo.send(command));
      });
    },

    async oldest(receiver, limit) {
      const command = new QueryCommand({
        TableName,
        ConsistentRead: true,
        Limit: limit,
        KeyConditionExpression: 'pk = :partition',
        ExpressionAttributeNames: { '#set': 'set' },
        ExpressionAttributeValues: { ':partition': { S: pendingSecurityEventsPartition(receiver) } },
        ProjectionExpression: 'jti, #set',
      });
      // One page of 1 MB holds more tokens than a receiver may request.
      const { Items = [] } = await awsCall('DynamoDB', dynamo.send(command));
      return Items.map((item) => unmarshall(item) as { jti: string; set: string });
    },
  };
}
