import { setTimeout as wait } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { AuditEvent } from '../../contract/events.ts';
import { auditEvent } from '../../core/audit-event.ts';
import { publishAudit } from '../../core/publish-audit.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { fromItem } from '../adapters/dynamo-items.ts';
import { eventBridgeAuditBus } from '../adapters/eventbridge-audit-bus.ts';
import { sqsDeadLetters } from '../adapters/sqs-dead-letters.ts';
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
 * The table's stream: every change of a record becomes an audit event on the bus.
 *
 * The stream is the outbox: an event exists exactly when its record does. When this throws, Lambda delivers the whole
 * batch again, so events may come twice, with the same `eventId`, but none is lost.
 */
export const handler = middy<DynamoDBStreamEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    const events = Records.map(toAuditEvent).filter((event) => event !== undefined);
    const dead = await publishAudit(events, ports);
    metrics.addMetric('AuditEventsPublished', MetricUnit.Count, events.length - dead);
    metrics.addMetric('AuditEventsUndelivered', MetricUnit.Count, dead);
    if (dead > 0) logger.error('audit events could not be published; they are on the dead-letter queue', { dead });
  });

function toAuditEvent({ eventID, dynamodb }: DynamoDBRecord): AuditEvent | undefined {
  const after = fromItem(dynamodb?.NewImage as Record<string, AttributeValue> | undefined);
  if (after === undefined || eventID === undefined) return undefined;
  return auditEvent(fromItem(dynamodb?.OldImage as Record<string, AttributeValue> | undefined), after, eventID);
}
