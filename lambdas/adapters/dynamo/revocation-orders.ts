import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { limits } from '@tvm/contract/limits.ts';
import type { OrderState } from '@tvm/core/revocation/orders/order.ts';
import type { RevocationOrders } from '@tvm/core/revocation/orders/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { orderKey, orderOf } from './items.ts';
import { setting } from './requests.ts';

/**
 * Revocation requests, stored in the token records table.
 *
 * @param retention how long a request is stored after the last token that it can select has expired, in seconds
 */
export function dynamoRevocationOrders(dynamo: DynamoDBClient, TableName: string, retention: number): RevocationOrders {
  async function get(revocationId: string): Promise<OrderState | undefined> {
    const command = new GetItemCommand({ TableName, Key: orderKey(revocationId), ConsistentRead: true });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item && orderOf(Item);
  }

  return {
    get,

    async place(order) {
      const state: OrderState = { ...order, revoked: 0 };
      const ttl = Math.ceil(order.from / 1000) + limits.lifetime + retention;
      const attributes = marshall({ ...state, ttl }, { removeUndefinedValues: true });
      const command = new PutItemCommand({
        TableName,
        Item: { ...orderKey(order.revocationId), ...attributes },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      if (await conditionHolds(dynamo.send(command))) return state;
      return (await get(order.revocationId)) ?? state;
    },

    async advance(revocationId, from, { revoked, began, position, completedAt }) {
      const set = setting({ revoked, began, position, completedAt });
      const removed = position === undefined ? ' REMOVE #position' : '';
      const unchanged = from === undefined ? 'attribute_not_exists(#position)' : '#position = :from';
      const command = new UpdateItemCommand({
        TableName,
        Key: orderKey(revocationId),
        UpdateExpression: set.expression + removed,
        ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(#completedAt) AND ${unchanged}`,
        ExpressionAttributeNames: { ...set.names, '#position': 'position', '#completedAt': 'completedAt' },
        ExpressionAttributeValues: { ...set.values, ...(from !== undefined && { ':from': { S: from } }) },
      });
      return conditionHolds(dynamo.send(command));
    },
  };
}
