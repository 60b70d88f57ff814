import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { TokenTraces } from '@tvm/core/tokens-view/ports.ts';
import { awsCall } from '../aws-call.ts';
import { recordKey, remembered } from './items.ts';

/** The most items of each kind that are read of one token: one page of DynamoDB's holds them. */
const MOST = 1_000;

/** What was noted beside a token's record: in the same partition, by the beginnings of their sort keys. */
export function dynamoTokenTraces(dynamo: DynamoDBClient, TableName: string): TokenTraces {
  async function noted(tokenId: string, beginning: 'INTROSPECTED#' | 'FACT#') {
    const { pk = { S: '' } } = recordKey(tokenId);
    const command = new QueryCommand({
      TableName,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: MOST,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :beginning)',
      ExpressionAttributeValues: { ':pk': pk, ':beginning': { S: beginning } },
    });
    const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
    const found = Items.map(remembered).filter((item) => item !== undefined);
    return { found, more: LastEvaluatedKey !== undefined };
  }

  return {
    async of(tokenId) {
      const [introspected, facts] = await Promise.all([noted(tokenId, 'INTROSPECTED#'), noted(tokenId, 'FACT#')]);
      return {
        introspections: introspected.found.flatMap((item) =>
          item.kind === 'introspections' ? item.introspections : [],
        ),
        facts: facts.found.flatMap((item) => (item.kind === 'fact' ? item.fact : [])),
        more: introspected.more || facts.more,
      };
    },
  };
}
