import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { limits } from '../../contract/limits.ts';
import type { SubjectWatermarks } from '../../core/ports.ts';
import { awsCall } from './aws-call.ts';
import { conditionHolds } from './dynamo-condition.ts';
import { watermarkKey } from './dynamo-items.ts';

/** Subjects' watermarks, in the table of the token records. */
export function dynamoSubjectWatermarks(dynamo: DynamoDBClient, TableName: string): SubjectWatermarks {
  return {
    async get(subject) {
      const command = new GetItemCommand({ TableName, Key: watermarkKey(subject), ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      return Item?.revokedBefore?.N === undefined ? undefined : Number(Item.revokedBefore.N);
    },

    async raise(subject, revokedBefore) {
      // When the last token that it revokes has expired, the watermark has done its work.
      const ttl = Math.ceil(revokedBefore / 1000) + limits.lifetime;
      const command = new UpdateItemCommand({
        TableName,
        Key: watermarkKey(subject),
        UpdateExpression: 'SET revokedBefore = :revokedBefore, #ttl = :ttl',
        ConditionExpression: 'attribute_not_exists(pk) OR revokedBefore < :revokedBefore',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':revokedBefore': { N: String(revokedBefore) }, ':ttl': { N: String(ttl) } },
      });
      await conditionHolds(dynamo.send(command));
    },
  };
}
