import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { archiveAuditEnv } from '#lambdas/archive-audit/env.ts';
import { digestAuditEnv } from '#lambdas/digest-audit/env.ts';
import { serveAuditKeysEnv } from '#lambdas/serve-audit-keys/env.ts';
import { ArchiveBucket } from './archive-bucket.ts';
import { auditStream } from './audit-stream.ts';
import type { Foundation } from './foundation.ts';
import { grantOnTable } from './grant-on-table.ts';
import { ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

/** The archive of audit events: immutable, and signed so that any change is detected. */
export class AuditArchive extends Construct {
  readonly bucket: ArchiveBucket;
  /** Signs digests of the archive. An operator may invoke it to get a digest before the end of the hour. */
  readonly digestAudit: ServiceFunction<typeof digestAuditEnv>;
  /** Goes off if a digest could not be made. */
  readonly digestAlarm: Alarm;
  /** Archives events. Its `IteratorAge` shows how far it is behind. */
  readonly archiveAudit: ServiceFunction<typeof archiveAuditEnv>;

  constructor(scope: Construct, id: string, { foundation }: { foundation: Foundation }) {
    super(scope, id);
    const { config, defaults, records, api, events } = foundation;
    const { encryptionKey } = defaults;
    this.bucket = new ArchiveBucket(this, 'bucket', { config, encryptionKey });
    const key = new SigningKey(this, 'audit-key', {
      spec: 'ECC_NIST_P256',
      protect: config.data_protection,
      signs: 'audit digests',
    });

    // Reads the stream rather than the bus, so that the archive also has events that the bus lost.
    this.archiveAudit = new ServiceFunction(this, 'archive-audit', {
      defaults,
      description: 'The table’s stream: archives each audit event once',
      memorySize: 512,
      timeout: Duration.minutes(2),
      env: archiveAuditEnv,
      environment: { TABLE_NAME: records.tableName, ARCHIVE_BUCKET: this.bucket.bucketName },
    });
    const deadLetters = events.deadLetters('archive-dead-letters');
    this.archiveAudit.addEventSource(
      // Each shard's batches are processed one after another, undivided, and until they succeed. Otherwise events could
      // be archived twice.
      auditStream(records, deadLetters, {
        batchSize: 1_000,
        maxBatchingWindow: Duration.seconds(config.archive_window),
        parallelizationFactor: 1,
        bisectBatchOnError: false,
      }),
    );
    events.allowDeadLetters(deadLetters, this.archiveAudit.role);
    records.allowConfirming(this.archiveAudit);
    const adopted = ['ARCHIVE'];
    grantOnTable(this.archiveAudit, records.tableArn, records.encryptionKey, ['Query', 'PutItem'], adopted);

    // Signs the events of each hour.
    this.digestAudit = new ServiceFunction(this, 'digest-audit', {
      defaults,
      description: 'Every hour: signs the archived events, and the digest of the hour before',
      memorySize: 1024,
      timeout: Duration.minutes(15),
      env: digestAuditEnv,
      environment: { ARCHIVE_BUCKET: this.bucket.bucketName, AUDIT_KEY_ARN: key.keyArn },
    });
    key.signedOnlyBy(this.digestAudit.role);
    this.bucket.writtenOnlyBy({ archiver: this.archiveAudit.role, digester: this.digestAudit.role });
    // Events from the end of the hour arrive after the archive window, which is at most five minutes.
    const minute = 4 + Math.ceil(config.archive_window / Duration.minutes(1).toSeconds());
    new Rule(this, 'each-hour', {
      description: 'Starts digest-audit after the last events of the hour have arrived',
      schedule: Schedule.cron({ minute: String(minute) }),
      targets: [new LambdaFunction(this.digestAudit, { deadLetterQueue: events.ruleDeadLetters })],
    });
    this.digestAlarm = new Alarm(this, 'digest-alarm', {
      alarmDescription: 'A digest of the audit archive could not be made: see docs/how-to/monitor.md',
      metric: this.digestAudit.metricErrors({ period: Duration.hours(1) }),
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

    // The key that verifies digests is public.
    const serveAuditKeys = new ServiceFunction(this, 'serve-audit-keys', {
      defaults,
      description: 'GET /.well-known/audit-keys.json: the key that verifies digests of the archive',
      memorySize: 256,
      env: serveAuditKeysEnv,
      environment: { AUDIT_KEY_ARN: key.keyArn },
    });
    api.openDocument('/.well-known/audit-keys.json', serveAuditKeys);
    key.grant(serveAuditKeys, 'kms:GetPublicKey');
  }
}
