import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { AuditFacts } from '@tvm/core/records/ports.ts';
import { conditionHolds } from './condition.ts';
import { factKey } from './items.ts';

/**
 * Facts for the audit, stored in the token records table. The table's stream delivers them to the audit functions.
 *
 * @param retention how long a fact is stored, in seconds
 */
export function dynamoAuditFacts(dynamo: DynamoDBClient, TableName: string, retention: number): AuditFacts {
  return {
    async put(id, fact) {
      const { detailType, detail } = fact;
      const ttl = Math.ceil(Date.now() / 1000) + retention;
      const command = new PutItemCommand({
        TableName,
        Item: { ...factKey(id, fact), ...marshall({ detailType, detail, ttl }, { removeUndefinedValues: true }) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return conditionHolds(dynamo.send(command));
    },
  };
}
