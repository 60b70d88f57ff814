import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { publishAuditEnv } from '#lambdas/publish-audit/env.ts';
import { auditStream } from './audit-stream.ts';
import type { Foundation } from './foundation.ts';
import { ServiceFunction } from './service-function.ts';

/** Publishes every decision as an audit event. The table's stream serves as a transactional outbox. */
export function auditPublishing(scope: Construct, { defaults, records, events }: Foundation) {
  const publishAudit = new ServiceFunction(scope, 'publish-audit', {
    defaults,
    description: 'The table’s stream: publishes audit events on the bus',
    memorySize: 512,
    timeout: Duration.minutes(1),
    env: publishAuditEnv,
    environment: {
      TABLE_NAME: records.tableName,
      BUS_NAME: events.bus.eventBusName,
      DEAD_LETTER_QUEUE_URL: events.auditDeadLetters.queueUrl,
    },
  });
  records.allowConfirming(publishAudit);
  publishAudit.addEventSource(
    auditStream(records, events.auditDeadLetters, {
      batchSize: 100,
      parallelizationFactor: 10,
      bisectBatchOnError: true,
      retryAttempts: 100,
    }),
  );
  events.publishedOnlyBy(publishAudit.role);
  events.allowDeadLetters(events.auditDeadLetters, publishAudit.role);
  return publishAudit;
}
