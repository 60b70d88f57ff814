import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoRevocationOrders } from '../adapters/dynamo-revocation-orders.ts';
import { dynamoTokenIndex } from '../adapters/dynamo-token-index.ts';
import { dynamoTokenRecords } from '../adapters/dynamo-token-records.ts';
import { readEnv } from '../read-env.ts';
import { decisionQueue } from './decision-queue.ts';
import { indexTokensEnv } from './env.ts';

const env = readEnv(indexTokensEnv);
// Nobody waits for it, and what fails comes back after minutes only.
const dynamo = new DynamoDBClient({ ...clientSettings, maxAttempts: 5 });

/** `Token Issued` and `Token Denied`, from their queue, wired to this deployment. */
export const handler = decisionQueue({
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  index: dynamoTokenIndex(dynamo, env.TABLE_NAME),
  orders: dynamoRevocationOrders(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
  clock: Date,
});
