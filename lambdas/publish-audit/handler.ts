import { setTimeout as wait } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { isPublished } from '../../core/audit-event.ts';
import { publishAudit } from '../../core/publish-audit.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { eventBridgeAuditBus } from '../adapters/eventbridge-audit-bus.ts';
import { sqsDeadLetters } from '../adapters/sqs-dead-letters.ts';
import { auditEventOf } from '../audit-stream.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../observability.ts';
import { readEnv } from '../read-env.ts';
import { publishAuditEnv } from './env.ts';

const env = readEnv(publishAuditEnv);
const ports = {
  bus: eventBridgeAuditBus(new EventBridgeClient(clientSettings), env.BUS_NAME),
  deadLetters: sqsDeadLetters(new SQSClient(clientSettings), env.DEAD_LETTER_QUEUE_URL),
  wait,
};

/**
 * The table's stream: every change that the audit tells of becomes an event on the bus.
 *
 * The stream is the outbox: an event exists exactly when its record does. When this throws, Lambda delivers the whole
 * batch again, so events may come twice, with the same `eventId`, but none is lost.
 */
export const handler = middy<DynamoDBStreamEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    const events = Records.map(auditEventOf)
      .filter((event) => event !== undefined)
      .filter(isPublished);
    const dead = await publishAudit(events, ports);
    metrics.addMetric('AuditEventsPublished', MetricUnit.Count, events.length - dead);
    metrics.addMetric('AuditEventsUndelivered', MetricUnit.Count, dead);
    const revoked = events.filter(({ detailType }) => detailType === 'Token Revoked');
    metrics.addMetric('RevocationsPublished', MetricUnit.Count, revoked.length);
    if (dead > 0) logger.error('audit events could not be published; they are on the dead-letter queue', { dead });
  });
