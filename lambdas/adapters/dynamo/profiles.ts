import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Profiles } from '@tvm/core/anomaly/ports.ts';
import type { Profile } from '@tvm/core/anomaly/profile.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { profileKey } from './items.ts';

/** How long a profile is stored after its last update, in seconds: 30 days. */
const KEPT = 2_592_000;

/**
 * Profiles, stored in the token records table. The stream's filters leave them out, so no function is invoked for them.
 */
export function dynamoProfiles(dynamo: DynamoDBClient, TableName: string): Profiles {
  return {
    async get(of) {
      const command = new GetItemCommand({ TableName, Key: profileKey(of), ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      if (Item === undefined) return undefined;
      const { pk, sk, ttl, version, ...profile } = unmarshall(Item);
      return { profile: profile as Profile, version };
    },

    async put(of, profile, version) {
      const ttl = Math.floor(Date.now() / 1000) + KEPT;
      const command = new PutItemCommand({
        TableName,
        Item: { ...profileKey(of), ...marshall({ ...profile, version: version + 1, ttl }) },
        // The profile may have expired since it was read.
        ConditionExpression: 'attribute_not_exists(version) OR version = :version',
        ExpressionAttributeValues: marshall({ ':version': version }),
      });
      return conditionHolds(dynamo.send(command));
    },
  };
}
