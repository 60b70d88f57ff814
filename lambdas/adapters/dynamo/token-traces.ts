import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { TokenTraces } from '@tvm/core/tokens-view/ports.ts';
import { awsCall } from '../aws-call.ts';
import { auditedItem, recordKey } from './items.ts';

/** Maximum number of items of each kind that are read per token. They fit in one DynamoDB page. */
const MOST = 1_000;

/** Introspections and facts about a token. They are in the partition of the token's record, by sort key prefix. */
export function dynamoTokenTraces(dynamo: DynamoDBClient, TableName: string): TokenTraces {
  async function stored(tokenId: string, prefix: 'INTROSPECTED#' | 'FACT#') {
    const { pk = { S: '' } } = recordKey(tokenId);
    const command = new QueryCommand({
      TableName,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: MOST,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': { S: prefix } },
    });
    const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', dynamo.send(command));
    const found = Items.map(auditedItem).filter((item) => item !== undefined);
    return { found, more: LastEvaluatedKey !== undefined };
  }

  return {
    async of(tokenId) {
      const [introspected, facts] = await Promise.all([stored(tokenId, 'INTROSPECTED#'), stored(tokenId, 'FACT#')]);
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
