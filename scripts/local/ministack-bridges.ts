import { DescribeTimeToLiveCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DeleteBucketPolicyCommand, PutObjectLockConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import type { Bridges } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';

export const miniStackBridges: Bridges = {
  afterBootstrap: (target, account) => allowAssetsWithoutTls(target, account),
  async afterDeploy(target, { TableName, AuditArchiveBucket }) {
    await enableTimeToLive(target, TableName);
    await lockArchive(target, AuditArchiveBucket);
  },
};

/**
 * Runs after `cdk bootstrap`. The bootstrap bucket's policy denies requests without TLS. MiniStack speaks plain HTTP on
 * loopback and enforces the policy, so no asset could be uploaded.
 *
 * @param account the 12-digit ID of the bootstrapped account
 */
async function allowAssetsWithoutTls(target: Target, account: string): Promise<void> {
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: `cdk-hnb659fds-assets-${account}-${target.region}` }));
}

/**
 * Runs after `cdk deploy`. MiniStack's CloudFormation silently drops a table's time to live, so records would never
 * expire.
 */
async function enableTimeToLive(target: Target, tableName: string): Promise<void> {
  const dynamo = new DynamoDBClient(target);
  const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return;
  const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
  await dynamo.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
}

/**
 * Runs after `cdk deploy`. MiniStack's CloudFormation silently drops a bucket's Object Lock, so the archive could be
 * changed. The values are those of config/local.toml.
 */
async function lockArchive(target: Target, Bucket: string): Promise<void> {
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
  } as const;
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}
