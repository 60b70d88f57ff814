import { AUDIT_SOURCE } from '@tvm/contract/events.ts';
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { detectAnomaliesEnv } from '#lambdas/detect-anomalies/env.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import type { Revocation } from './revocation.ts';
import { ServiceFunction } from './service-function.ts';

export interface AnomaliesProps {
  foundation: Foundation;
  /** Revokes tokens, if the configuration enables automatic responses. */
  revocation: Revocation;
}

/** How long events are batched, in seconds. */
const GATHERED = 5;

/** Detects anomalies in audit events. */
export class Anomalies extends Construct {
  constructor(scope: Construct, id: string, { foundation, revocation }: AnomaliesProps) {
    super(scope, id);
    const { config, defaults, records, events } = foundation;
    const detectAnomalies = new ServiceFunction(this, 'detect-anomalies', {
      defaults,
      description: 'Audit events on the bus: detects anomalies, reports them and responds as configured',
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
    events.deliver('detect-anomalies', detectAnomalies, {
      rules: [
        {
          name: 'seen',
          description: 'Requests and token use of workloads, for anomaly detection',
          pattern: {
            source: [AUDIT_SOURCE],
            detailType: ['Token Issued', 'Token Denied', 'Token Introspected', 'Token Used'],
          },
        },
      ],
      batchSize: 100,
      batchWindow: GATHERED,
      // All invocations update the same overall profile, so fewer of them cause fewer write conflicts.
      maxConcurrency: 2,
    });
    const allow = (operations: string[], leadingKeys: string[]) =>
      grantOnTable(detectAnomalies, records.tableArn, records.encryptionKey, operations, leadingKeys);
    allow(['GetItem', 'PutItem'], ['PROFILE#*']);
    allow(['BatchGetItem'], ['TOKEN#*']);
    records.allowNotingFacts(detectAnomalies);

    // Permissions to respond are only granted if the configuration enables automatic responses.
    if (Object.values(config.anomalies.respond).every((response) => response === 'notify')) return;
    allow(['GetItem', 'UpdateItem'], ['SUBJECT#*']);
    records.allowSubjectFacts(detectAnomalies);
    allow(['GetItem', 'PutItem'], ['ORDER#*']);
    events.allowDeadLetters(revocation.mailbox.queue, detectAnomalies.role);
  }
}
