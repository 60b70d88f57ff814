import { setTimeout as wait } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { isPublished } from '@tvm/core/audit/audit-event.ts';
import { publishAudit } from '@tvm/core/audit/publish-audit.ts';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoStoredItems } from '../adapters/dynamo/stored-items.ts';
import { eventBridgeAuditBus } from '../adapters/eventbridge/audit-bus.ts';
import { sqsDeadLetters } from '../adapters/sqs/dead-letters.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { auditEventOf, confirmedEvents, type StreamedEvent } from '../shared/audit-stream.ts';
import { publishAuditEnv } from './env.ts';

const env = readEnv(publishAuditEnv);
const items = dynamoStoredItems(new DynamoDBClient(clientSettings), env.TABLE_NAME);
const bus = eventBridgeAuditBus(new EventBridgeClient(clientSettings), env.BUS_NAME);
const letters = sqsDeadLetters(new SQSClient(clientSettings), env.DEAD_LETTER_QUEUE_URL);

/**
 * Publishes the audit events of the table's stream. Each change that has an audit event, and that the table confirms,
 * becomes an event on the bus.
 *
 * The stream is a transactional outbox: an event exists exactly if its record does. After an error, Lambda delivers the
 * whole batch again. Events may therefore be duplicated, with the same `eventId`, but none is lost. A dead letter
 * contains the event and the stream's record, so that this function can be invoked with the record again.
 */
export const handler = middy<DynamoDBStreamEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    const streamed = Records.flatMap((record): StreamedEvent<AuditEvent>[] => {
      const event = auditEventOf(record);
      return event !== undefined && isPublished(event) ? [{ record, event }] : [];
    });
    const events = await confirmedEvents(streamed, items);
    const records = new Map(streamed.map(({ record, event }) => [event, record]));
    const deadLetters = { put: (event: AuditEvent) => letters.put({ ...event, record: records.get(event) }) };
    const dead = await publishAudit(events, { bus, deadLetters, wait });
    metrics.addMetric('AuditEventsPublished', MetricUnit.Count, events.length - dead);
    metrics.addMetric('AuditEventsUndelivered', MetricUnit.Count, dead);
    const revoked = events.filter(({ detailType }) => detailType === 'Token Revoked');
    metrics.addMetric('RevocationsPublished', MetricUnit.Count, revoked.length);
    if (dead > 0) logger.error('audit events could not be published; they are on the dead-letter queue', { dead });
  });
