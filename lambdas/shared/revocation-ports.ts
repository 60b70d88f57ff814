import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { RevokeTokensPorts } from '@tvm/core/revocation/requests/revoke-tokens.ts';
import type * as z from 'zod';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAuditFacts } from '../adapters/dynamo/audit-facts.ts';
import { dynamoRevocationRequests } from '../adapters/dynamo/revocation-requests.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { dynamoTokenIndex } from '../adapters/dynamo/token-index.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { sqsContinuations } from '../adapters/sqs/continuations.ts';
import type { revocationEnv } from './revocation-env.ts';

/** Connects the ports that submit and complete revocation requests. */
export function revocationPorts(dynamo: DynamoDBClient, env: z.infer<typeof revocationEnv>): RevokeTokensPorts {
  return {
    records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
    subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
    index: dynamoTokenIndex(dynamo, env.TABLE_NAME),
    orders: dynamoRevocationRequests(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
    facts: dynamoAuditFacts(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
    continuations: sqsContinuations(new SQSClient(clientSettings), env.REVOCATION_QUEUE_URL),
    clock: Date,
  };
}
