import { DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, it } from 'vitest';
import { introspect, vend } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs, emulator } = inject('deployed');

it('records are deleted after their time to live, and no others are', { timeout: 150_000 }, async () => {
  const dynamo = new DynamoDBClient(target);
  const { token } = await vend();
  const pk = { S: `TOKEN#${crypto.randomUUID()}` };
  const ttl = { N: String(Math.floor(Date.now() / 1000) - 60) };
  await dynamo.send(new PutItemCommand({ TableName: outputs.TableName, Item: { pk, sk: { S: 'RECORD' }, ttl } }));
  const filter = { FilterExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } };
  await eventually(async () => {
    // LocalStack deletes expired items once an hour, or on this request.
    if (emulator === 'LocalStack') await fetch(`${target.endpoint}/_aws/dynamodb/expired`, { method: 'DELETE' });
    const { Count } = await dynamo.send(new ScanCommand({ TableName: outputs.TableName, ...filter }));
    expect(Count).toBe(0);
  }, 120_000);
  expect(await introspect(token)).toHaveProperty('active', true);
});
