import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoPendingSecurityEvents } from '../adapters/dynamo/pending-security-events.ts';
import { readEnv } from '../runtime/read-env.ts';
import { pollSecurityEventsEnv } from './env.ts';
import { pollEndpoint } from './poll-endpoint.ts';

const env = readEnv(pollSecurityEventsEnv);
const receivers = JSON.parse(readFileSync(new URL('receivers.json', import.meta.url), 'utf8'));

/** `POST /security-events/poll`, wired to this deployment. */
export const handler = pollEndpoint(
  receivers,
  dynamoPendingSecurityEvents(new DynamoDBClient(clientSettings), env.TABLE_NAME),
);
