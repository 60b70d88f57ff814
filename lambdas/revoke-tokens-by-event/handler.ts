import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from '../adapters/aws-call.ts';
import { sqsDeadLetters } from '../adapters/sqs/dead-letters.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { readEnv } from '../runtime/read-env.ts';
import { orderingPorts } from '../shared/ordering-ports.ts';
import { revokeTokensByEventEnv } from './env.ts';
import { eventQueue } from './event-queue.ts';

const env = readEnv(revokeTokensByEventEnv);
// Nobody waits for it: rather retried here than by the queue.
const sqs = new SQSClient(clientSettings);
const dynamo = new DynamoDBClient({ ...clientSettings, maxAttempts: 5 });

/**
 * `Revocation Requested` on the bus, and what happens to workloads, by way of a queue: takes tokens back. Orders that take
 * longer than a call come back on the same queue.
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
    ...orderingPorts(dynamo, env),
    deadLetters: sqsDeadLetters(sqs, env.DEAD_LETTER_QUEUE_URL),
    retries: sqsRetries(sqs),
  },
);
