import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../adapters/aws-call.ts';
import { sqsDeadLetters } from '../adapters/sqs/dead-letters.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { readEnv } from '../runtime/read-env.ts';
import { revocationPorts } from '../shared/revocation-ports.ts';
import { revokeTokensByEventEnv } from './env.ts';
import { eventQueue } from './event-queue.ts';

const env = readEnv(revokeTokensByEventEnv);
// No caller waits, so retry in the SDK rather than through the queue.
const sqs = new SQSClient(clientSettings);
const dynamo = new DynamoDBClient({ ...clientSettings, maxAttempts: 5 });

/**
 * Revokes tokens on `Revocation Requested` events and on revocation triggers, which a queue delivers. A revocation that
 * takes longer than one invocation continues with a message on the same queue.
 */
export const handler = eventQueue(
  {
    account: env.ACCOUNT,
    sources: env.REVOCATION_SOURCES,
    blockFor: env.BLOCK_FOR,
    retention: env.RECORD_RETENTION,
    named: JSON.parse(readFileSync(new URL('named-targets.json', import.meta.url), 'utf8')),
    triggers: JSON.parse(readFileSync(new URL('triggers.json', import.meta.url), 'utf8')),
  },
  {
    ...revocationPorts(dynamo, env),
    deadLetters: sqsDeadLetters(sqs, env.DEAD_LETTER_QUEUE_URL),
    retries: sqsRetries(sqs),
  },
);
