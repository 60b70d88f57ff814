import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Deployment, Deployments } from '@tvm/core/audit/ports.ts';
import { awsCall } from '../aws-call.ts';
import { conditionHolds } from './condition.ts';
import { DEPLOYMENT_KEY } from './items.ts';

/** The deployment that was seen last, in one item of the table of the token records. */
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
      // Where it does not hold, another sweep noted it.
      await conditionHolds(dynamo.send(command));
    },
  };
}
