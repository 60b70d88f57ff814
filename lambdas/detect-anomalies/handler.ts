import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAuditFacts } from '../adapters/dynamo/audit-facts.ts';
import { dynamoProfiles } from '../adapters/dynamo/profiles.ts';
import { dynamoRevocationRequests } from '../adapters/dynamo/revocation-requests.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { sqsContinuations } from '../adapters/sqs/continuations.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { readEnv } from '../runtime/read-env.ts';
import { anomalyQueue } from './anomaly-queue.ts';
import { detectAnomaliesEnv } from './env.ts';

const env = readEnv(detectAnomaliesEnv);
const sqs = new SQSClient(clientSettings);
const dynamo = new DynamoDBClient(clientSettings);

/** Detects anomalies in the audit events of the bus, wired to this deployment. */
export const handler = anomalyQueue(JSON.parse(readFileSync(new URL('anomalies.json', import.meta.url), 'utf8')), {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
  orders: dynamoRevocationRequests(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
  profiles: dynamoProfiles(dynamo, env.TABLE_NAME),
  facts: dynamoAuditFacts(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
  continuations: sqsContinuations(sqs, env.REVOCATION_QUEUE_URL),
  retries: sqsRetries(sqs),
  clock: Date,
});
