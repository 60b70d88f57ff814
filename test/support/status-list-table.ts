import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';

/** Creates an empty table for status lists. The service's own table is in use. */
export async function statusListTable(dynamo: DynamoDBClient): Promise<{ name: string; drop(): Promise<void> }> {
  const name = `status-lists-${crypto.randomUUID()}`;
  await dynamo.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 60 }, { TableName: name });
  return { name, drop: async () => void (await dynamo.send(new DeleteTableCommand({ TableName: name }))) };
}
