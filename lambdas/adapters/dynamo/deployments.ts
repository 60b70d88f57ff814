import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Deployment, Deployments } from '@tvm/core/audit/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { DEPLOYMENT_KEY } from './items.ts';

/** The most recently seen deployment, stored as one item in the token records table. */
export function dynamoDeployments(dynamo: DynamoDBClient, TableName: string): Deployments {
  return {
    async last() {
      const command = new GetItemCommand({ TableName, Key: DEPLOYMENT_KEY, ConsistentRead: true });
      const { Item } = await awsCall('DynamoDB', dynamo.send(command));
      if (Item === undefined) return undefined;
      const { pk, sk, ...deployment } = unmarshall(Item);
      return deployment as Deployment & { version: number };
    },

    async replace(version, { policyBundle, keyArns }) {
      const command = new PutItemCommand({
        TableName,
        Item: { ...DEPLOYMENT_KEY, ...marshall({ policyBundle, keyArns, version: version + 1 }) },
        ConditionExpression: version === 0 ? 'attribute_not_exists(pk)' : 'version = :version',
        ...(version > 0 && { ExpressionAttributeValues: marshall({ ':version': version }) }),
      });
      // If the condition fails, a concurrent sweep has stored the deployment.
      await conditionHolds(dynamo.send(command));
    },
  };
}
