import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { detectAnomaliesEnv } from '#lambdas/detect-anomalies/env.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import type { Revocation } from './revocation.ts';
import { ServiceFunction } from './service-function.ts';

export interface AnomaliesProps {
  machine: Machine;
  /** What takes tokens back, where the configuration has the machine do so by itself. */
  revocation: Revocation;
}

/** How long events are gathered before they are looked at together, in seconds. */
const GATHERED = 5;

/** What looks for the unusual in the audit's events. */
export class Anomalies extends Construct {
  constructor(scope: Construct, id: string, { machine, revocation }: AnomaliesProps) {
    super(scope, id);
    const { config, defaults, records, events } = machine;
    const detectAnomalies = new ServiceFunction(this, 'detect-anomalies', {
      defaults,
      description: 'Audit events on the bus: tells of what is unusual, and acts as configured',
      memorySize: 512,
      timeout: Duration.minutes(1),
      env: detectAnomaliesEnv,
      environment: {
        TABLE_NAME: records.tableName,
        RECORD_RETENTION: String(config.record_retention),
        REVOCATION_QUEUE_URL: revocation.mailbox.queue.queueUrl,
      },
      files: { 'anomalies.json': JSON.stringify(config.anomalies) },
    });
    events.bring('detect-anomalies', detectAnomalies, {
      rules: [
        {
          name: 'seen',
          description: 'What workloads ask for, and what their tokens are used for: to be looked at',
          pattern: {
            source: [AUDIT_SOURCE],
            detailType: ['Token Issued', 'Token Denied', 'Token Introspected', 'Token Used'],
          },
        },
      ],
      batchSize: 100,
      batchWindow: GATHERED,
      // All of them write the one profile of everything: the fewer there are, the less they wait for each other.
      maxConcurrency: 2,
    });
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(detectAnomalies, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem', 'PutItem'], ['PROFILE#*']);
    allow(['BatchGetItem'], ['TOKEN#*']);
    records.allowNotingFacts(detectAnomalies);

    // It acts only where the configuration says so, and may no more than that.
    if (Object.values(config.anomalies.respond).every((response) => response === 'notify')) return;
    allow(['GetItem', 'UpdateItem'], ['SUBJECT#*']);
    records.allowSubjectFacts(detectAnomalies);
    allow(['GetItem', 'PutItem'], ['ORDER#*']);
    events.allowDeadLetters(revocation.mailbox.queue, detectAnomalies.role);
  }
}
