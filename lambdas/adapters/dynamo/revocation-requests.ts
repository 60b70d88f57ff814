import { type DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { limits } from '@tvm/contract/limits.ts';
import type { RevocationRequests } from '@tvm/core/revocation/requests/ports.ts';
import type { RevocationState } from '@tvm/core/revocation/requests/revocation-request.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { revocationRequestKey, revocationRequestOf } from './items.ts';
import { setting } from './requests.ts';

/**
 * Revocation requests, stored in the token records table.
 *
 * @param retention how long a request is stored after the last token that it can select has expired, in seconds
 */
export function dynamoRevocationRequests(
  dynamo: DynamoDBClient,
  TableName: string,
  retention: number,
): RevocationRequests {
  async function get(revocationId: string): Promise<RevocationState | undefined> {
    const command = new GetItemCommand({ TableName, Key: revocationRequestKey(revocationId), ConsistentRead: true });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item && revocationRequestOf(Item);
  }

  return {
    get,

    async submit(order) {
      const state: RevocationState = { ...order, revoked: 0 };
      const ttl = Math.ceil(order.from / 1000) + limits.lifetime + retention;
      const attributes = marshall({ ...state, ttl }, { removeUndefinedValues: true });
      const command = new PutItemCommand({
        TableName,
        Item: { ...revocationRequestKey(order.revocationId), ...attributes },
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
        Key: revocationRequestKey(revocationId),
        UpdateExpression: set.expression + removed,
        ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(#completedAt) AND ${unchanged}`,
        ExpressionAttributeNames: { ...set.names, '#position': 'position', '#completedAt': 'completedAt' },
        ExpressionAttributeValues: { ...set.values, ...(from !== undefined && { ':from': { S: from } }) },
      });
      return conditionHolds(dynamo.send(command));
    },
  };
}
