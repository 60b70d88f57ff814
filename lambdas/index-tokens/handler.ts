import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoTokenIndex } from '../adapters/dynamo/token-index.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { readEnv } from '../runtime/read-env.ts';
import { decisionQueue } from './decision-queue.ts';
import { indexTokensEnv } from './env.ts';

const env = readEnv(indexTokensEnv);
// No caller waits, so retry in the SDK rather than through the queue.
const dynamo = new DynamoDBClient({ ...clientSettings, maxAttempts: 5 });

/** Indexes `Token Issued` and `Token Denied` events, which arrive on separate queues. Wired to this deployment. */
export const handler = decisionQueue({
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  index: dynamoTokenIndex(dynamo, env.TABLE_NAME),
  retries: sqsRetries(new SQSClient(clientSettings)),
  clock: Date,
});
