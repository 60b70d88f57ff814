import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { EventBridgeEvent, SQSEvent } from 'aws-lambda';
import { revocationRequested } from '../../contract/events.ts';
import { revokeTokens } from '../../core/revoke-tokens.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectWatermarks } from '../adapters/dynamo-subject-watermarks.ts';
import { dynamoTokenRecords } from '../adapters/dynamo-token-records.ts';
import { sqsDeadLetters } from '../adapters/sqs-dead-letters.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../observability.ts';
import { readEnv } from '../read-env.ts';
import { revokeTokensByEventEnv } from './env.ts';

const env = readEnv(revokeTokensByEventEnv);
const dynamo = new DynamoDBClient(clientSettings);
const ports = {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  watermarks: dynamoSubjectWatermarks(dynamo, env.TABLE_NAME),
};
const deadLetters = sqsDeadLetters(new SQSClient(clientSettings), env.DEAD_LETTER_QUEUE_URL);

/**
 * `Revocation Requested` on the bus, from a source that the configuration names, by way of a queue: takes back a
 * token, or all tokens of a subject.
 *
 * What fails is delivered again, which does no harm, and after some times kept on the dead-letter queue. What no
 * repetition can mend, a malformed event, goes there at once.
 */
export const handler = middy<SQSEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    for (const { body, attributes } of Records) {
      await revoke(JSON.parse(body), Number(attributes.SentTimestamp));
    }
  });

/** @param asked when the event was put on the queue (milliseconds): delivered again, it revokes what it did then */
async function revoke(event: EventBridgeEvent<string, unknown>, asked: number): Promise<void> {
  const detail = revocationRequested.safeParse(event.detail);
  if (!detail.success) {
    const [issue] = detail.error.issues;
    const problem = `detail.${issue?.path.join('.')} ${issue?.message}`;
    logger.error('a request to revoke is malformed', { eventId: event.id, source: event.source, problem });
    return deadLetters.put(event);
  }
  const { tokenId, subject, reason } = detail.data;
  const revoked = await revokeTokens(
    { tokenId, subject, reason, by: event.source },
    { ...ports, clock: { now: () => asked } },
  );
  metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
  logger.info('tokens revoked', { eventId: event.id, source: event.source, revoked });
}
