import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAuditFacts } from '../adapters/dynamo/audit-facts.ts';
import { readEnv } from '../runtime/read-env.ts';
import { controlSecurityEventStreamsEnv } from './env.ts';
import { streamsEndpoint } from './streams-endpoint.ts';

const env = readEnv(controlSecurityEventStreamsEnv);
const receivers = JSON.parse(readFileSync(new URL('receivers.json', import.meta.url), 'utf8'));

/** The API for a receiver's stream, wired to this deployment. */
export const handler = streamsEndpoint(receivers, env.ISSUER, {
  facts: dynamoAuditFacts(new DynamoDBClient(clientSettings), env.TABLE_NAME, env.RECORD_RETENTION),
  clock: Date,
});
