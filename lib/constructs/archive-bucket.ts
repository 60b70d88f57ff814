import { DIGESTS, EVENTS } from '@tvm/core/audit/archive/names.ts';
import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import { acknowledge } from './acknowledge.ts';
import { principalArnsOf } from './principal-arns.ts';

/** The roles that write to the archive. */
export interface Writers {
  archiver: Role;
  digester: Role;
}

/** The archive's bucket. Objects cannot be changed or removed until their retention expires. */
export class ArchiveBucket extends Bucket {
  constructor(scope: Construct, id: string, { config, encryptionKey }: { config: Config; encryptionKey: IKey }) {
    const { retention, lock } = config.archive;
    const days = Duration.days(retention / Duration.days(1).toSeconds());
    super(scope, id, {
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention:
        lock === 'compliance' ? ObjectLockRetention.compliance(days) : ObjectLockRetention.governance(days),
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: config.emulator === undefined,
      lifecycleRules: [
        // Digests do not expire: they are small, and each digest names its predecessor.
        { prefix: EVENTS, expiration: days },
        { noncurrentVersionExpiration: Duration.days(1), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: config.data_protection ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    const reason = 'CloudTrail data events record reads of the bucket, and the chain of digests protects its content.';
    acknowledge(this, { 'AwsSolutions-S1': reason, CKV_AWS_18: reason });
    if (config.emulator) {
      Validations.of(this).acknowledge({
        id: 'AwsSolutions-S10',
        reason: 'An emulator speaks plain HTTP, on loopback.',
      });
    }
  }

  /** Lets one role put events and another one digests, each under its own prefix. Nobody else can put objects. */
  writtenOnlyBy({ archiver, digester }: Writers): void {
    // The archiver reads an existing object if it finds one under the name it wants to write.
    this.allow(archiver, ['s3:PutObject', 's3:GetObject'], `${EVENTS}*`);
    this.allow(digester, ['s3:PutObject', 's3:GetObject'], `${DIGESTS}*`);
    this.allow(digester, ['s3:GetObject'], `${EVENTS}*`);
    digester.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:ListBucket'], resources: [this.bucketArn] }));
    for (const role of [archiver, digester]) this.allowKey(role);
    this.denyPutting('OnlyTheArchiverPutsEvents', `${EVENTS}*`, archiver);
    this.denyPutting('OnlyTheDigesterPutsDigests', `${DIGESTS}*`, digester);
    this.deny('NobodyHidesWhatIsThere', ['s3:DeleteObject']);
    this.deny('NobodyReplicatesIntoIt', ['s3:ReplicateObject', 's3:ReplicateDelete']);
  }

  private allow(role: Role, actions: string[], names: string): void {
    role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [this.arnForObjects(names)] }));
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${Stack.of(this).getLogicalId(this.node.defaultChild as never)}.Arn>/${names}]`,
      reason: 'One prefix of the archive’s bucket, in which object names contain the time.',
    });
  }

  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
  private allowKey(role: Role): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [(this.encryptionKey as IKey).keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } },
      }),
    );
  }

  /**
   * Denies actions on objects to everybody.
   *
   * A deletion without a version id removes nothing, since versions are locked, but it hides the object behind a delete
   * marker. If the last digest were hidden, `digest-audit` would sign that hour again, without the events hidden at the
   * same time. Replication from another bucket could put objects and delete markers here without `s3:PutObject` and
   * `s3:DeleteObject`.
   *
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
   */
  private deny(sid: string, actions: string[]): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions,
        resources: [EVENTS, DIGESTS].map((names) => this.arnForObjects(`${names}*`)),
      }),
    );
  }

  private denyPutting(sid: string, names: string, role: Role): void {
    this.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ['s3:PutObject'],
        resources: [this.arnForObjects(names)],
        conditions: { ArnNotLike: { 'aws:PrincipalArn': principalArnsOf(role) } },
      }),
    );
  }
}
