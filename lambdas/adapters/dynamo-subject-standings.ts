import {
  type DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { SubjectStandings } from '../../core/ports.ts';
import { awsCall } from './aws-call.ts';
import { conditionHolds } from './dynamo-condition.ts';
import { standingKey, standingOf } from './dynamo-items.ts';

/** What is held against subjects, in the table of the token records. */
export function dynamoSubjectStandings(dynamo: DynamoDBClient, TableName: string): SubjectStandings {
  async function change(
    subject: string,
    change: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames'>,
    values: Record<string, unknown>,
  ): Promise<boolean> {
    const command = new UpdateItemCommand({
      TableName,
      Key: standingKey(subject),
      ...change,
      ExpressionAttributeValues: marshall(values, { removeUndefinedValues: true }),
    });
    return conditionHolds(dynamo.send(command));
  }

  async function get(subject: string) {
    const command = new GetItemCommand({ TableName, Key: standingKey(subject), ConsistentRead: true });
    const { Item } = await awsCall('DynamoDB', dynamo.send(command));
    return Item === undefined ? {} : (standingOf(Item)?.standing ?? {});
  }

  return {
    get,

    // The item has no time to live: there is one for each subject that was ever revoked, and what it says may have been
    // put together from what ends at several times.
    async raise(subject, revokedBefore) {
      await change(
        subject,
        {
          UpdateExpression: 'SET revokedBefore = :revokedBefore',
          ConditionExpression: 'attribute_not_exists(revokedBefore) OR revokedBefore < :revokedBefore',
        },
        { ':revokedBefore': revokedBefore },
      );
    },

    async block(subject, block) {
      const longer = await change(
        subject,
        {
          UpdateExpression: 'SET #block = :block REMOVE lifted',
          ConditionExpression: 'attribute_not_exists(#block) OR #block.#until < :until',
          ExpressionAttributeNames: { '#block': 'block', '#until': 'until' },
        },
        { ':block': block, ':until': block.until },
      );
      return longer ? block.until : ((await get(subject)).block?.until ?? block.until);
    },

    unblock(subject, lifted) {
      return change(
        subject,
        {
          UpdateExpression: 'SET lifted = :lifted REMOVE #block',
          ConditionExpression: '#block.#until > :now',
          ExpressionAttributeNames: { '#block': 'block', '#until': 'until' },
        },
        { ':lifted': lifted, ':now': lifted.at },
      );
    },

    async limit(subject, limit) {
      await change(
        subject,
        { UpdateExpression: 'SET #limit = :limit', ExpressionAttributeNames: { '#limit': 'limit' } },
        { ':limit': limit },
      );
    },
  };
}
