import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoStatusIndexes } from '../adapters/dynamo/status-indexes.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { readEnv } from '../runtime/read-env.ts';
import { decisionPorts, lifetimeRules } from '../shared/decision-ports.ts';
import { issueTokenEnv } from './env.ts';
import { tokenEndpoint } from './token-endpoint.ts';

const env = readEnv(issueTokenEnv);
const dynamo = new DynamoDBClient(clientSettings);
const signer = kmsSigner(new KMSClient(clientSettings), env.SIGNING_KEY_ARN);
const statusIndexes = dynamoStatusIndexes(dynamo, env.STATUS_LIST_TABLE, env.STATUS_LIST_SIZE, Date);
// Reads the signing key's id and leases status list indexes while the policies load. If either fails, the first request
// tries again.
const prepared = Promise.allSettled([signer.key(), statusIndexes.ready()]);

/** `POST /token`, wired to this deployment: its rules, its policies, KMS and DynamoDB. */
export const handler = tokenEndpoint(
  { ...lifetimeRules(env), issuer: env.ISSUER, recordRetention: env.RECORD_RETENTION },
  {
    ...(await decisionPorts(import.meta.url, dynamo, env)),
    signer,
    records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
    subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
    statusIndexes,
    restricted: recentSubjects(Date),
    clock: Date,
    ids: { next: randomUUID },
  },
);
await prepared;
