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
import { auditEventOf, confirmedEvents, type Told } from '../shared/audit-stream.ts';
import { publishAuditEnv } from './env.ts';

const env = readEnv(publishAuditEnv);
const items = dynamoStoredItems(new DynamoDBClient(clientSettings), env.TABLE_NAME);
const bus = eventBridgeAuditBus(new EventBridgeClient(clientSettings), env.BUS_NAME);
const letters = sqsDeadLetters(new SQSClient(clientSettings), env.DEAD_LETTER_QUEUE_URL);

/**
 * The table's stream: every change that the audit tells of becomes an event on the bus, if the table confirms it.
 *
 * The stream is the outbox: an event exists exactly when its record does. When this throws, Lambda delivers the whole
 * batch again, so events may come twice, with the same `eventId`, but none is lost. A dead letter has the event, and the
 * stream's record, for this function to be invoked with again.
 */
export const handler = middy<DynamoDBStreamEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    const told = Records.flatMap((record): Told<AuditEvent>[] => {
      const event = auditEventOf(record);
      return event !== undefined && isPublished(event) ? [{ record, event }] : [];
    });
    const events = await confirmedEvents(told, items);
    const records = new Map(told.map(({ record, event }) => [event, record]));
    const deadLetters = { put: (event: AuditEvent) => letters.put({ ...event, record: records.get(event) }) };
    const dead = await publishAudit(events, { bus, deadLetters, wait });
    metrics.addMetric('AuditEventsPublished', MetricUnit.Count, events.length - dead);
    metrics.addMetric('AuditEventsUndelivered', MetricUnit.Count, dead);
    const revoked = events.filter(({ detailType }) => detailType === 'Token Revoked');
    metrics.addMetric('RevocationsPublished', MetricUnit.Count, revoked.length);
    if (dead > 0) logger.error('audit events could not be published; they are on the dead-letter queue', { dead });
  });
