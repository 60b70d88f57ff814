import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { publishAuditEnv } from '#lambdas/publish-audit/env.ts';
import { auditStream } from './audit-stream.ts';
import type { Machine } from './machine.ts';
import { ServiceFunction } from './service-function.ts';

/** Security sees every decision: the table's stream is the outbox. */
export function auditPublishing(scope: Construct, { defaults, records, events }: Machine) {
  const publishAudit = new ServiceFunction(scope, 'publish-audit', {
    defaults,
    description: 'The stream of decisions: publishes each as an audit event',
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
