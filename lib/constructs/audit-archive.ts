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
import { grantOnTable } from './grant-on-table.ts';
import type { Machine } from './machine.ts';
import { ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

/** What happened, kept so that it cannot be changed, and signed so that it shows if it was. */
export class AuditArchive extends Construct {
  readonly bucket: ArchiveBucket;
  /** Signs what is archived. An operator may invoke it, to seal what there is before the hour is over. */
  readonly digestAudit: ServiceFunction<typeof digestAuditEnv>;
  /** Goes off when a digest could not be made. */
  readonly digestAlarm: Alarm;
  /** Archives. How far behind it is, is told by its `IteratorAge`. */
  readonly archiveAudit: ServiceFunction<typeof archiveAuditEnv>;

  constructor(scope: Construct, id: string, { machine }: { machine: Machine }) {
    super(scope, id);
    const { config, defaults, records, api, events } = machine;
    const { encryptionKey } = defaults;
    this.bucket = new ArchiveBucket(this, 'bucket', { config, encryptionKey });
    const key = new SigningKey(this, 'audit-key', {
      spec: 'ECC_NIST_P256',
      protect: config.data_protection,
      signs: 'audit digests',
    });

    // The stream again, not the bus: what the bus loses is here.
    this.archiveAudit = new ServiceFunction(this, 'archive-audit', {
      defaults,
      description: 'The stream of decisions: archives each, once',
      memorySize: 512,
      timeout: Duration.minutes(2),
      env: archiveAuditEnv,
      environment: { TABLE_NAME: records.tableName, ARCHIVE_BUCKET: this.bucket.bucketName },
    });
    const deadLetters = events.deadLetters('archive-dead-letters');
    this.archiveAudit.addEventSource(
      // One batch of a shard after the other, whole, until it succeeds: that each event is archived once rests on it.
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

    // Each hour it is signed what came.
    this.digestAudit = new ServiceFunction(this, 'digest-audit', {
      defaults,
      description: 'Each hour: signs what was archived, and the digest of the hour before',
      memorySize: 1024,
      timeout: Duration.minutes(15),
      env: digestAuditEnv,
      environment: { ARCHIVE_BUCKET: this.bucket.bucketName, AUDIT_KEY_ARN: key.keyArn },
    });
    key.signedOnlyBy(this.digestAudit.role);
    this.bucket.writtenOnlyBy({ archiver: this.archiveAudit.role, digester: this.digestAudit.role });
    // With the longest window, what was recorded at the end of the hour arrives five minutes later.
    const minute = 4 + Math.ceil(config.archive_window / Duration.minutes(1).toSeconds());
    new Rule(this, 'each-hour', {
      description: 'Starts digest-audit, when what is under way has arrived',
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

    // Anybody fetches the key that digests are verified with.
    const serveAuditKeys = new ServiceFunction(this, 'serve-audit-keys', {
      defaults,
      description: 'GET /.well-known/audit-keys.json: the key that digests of the archive are verified with',
      memorySize: 256,
      env: serveAuditKeysEnv,
      environment: { AUDIT_KEY_ARN: key.keyArn },
    });
    api.openDocument('/.well-known/audit-keys.json', serveAuditKeys);
    key.grant(serveAuditKeys, 'kms:GetPublicKey');
  }
}
