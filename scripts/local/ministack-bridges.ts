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
 * After `cdk bootstrap`: the bootstrap bucket's policy denies whatever does not come over TLS. MiniStack speaks
 * plain HTTP on loopback and enforces the policy, so no asset could be uploaded.
 *
 * @param account the 12-digit id of the account that was bootstrapped
 */
async function allowAssetsWithoutTls(target: Target, account: string): Promise<void> {
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: `cdk-hnb659fds-assets-${account}-${target.region}` }));
}

/**
 * After `cdk deploy`: MiniStack's CloudFormation drops a table's time to live silently, and records would stay
 * for ever.
 */
async function enableTimeToLive(target: Target, tableName: string): Promise<void> {
  const dynamo = new DynamoDBClient(target);
  const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  if (TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED') return;
  const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
  await dynamo.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
}

/**
 * After `cdk deploy`: MiniStack's CloudFormation drops a bucket's Object Lock silently, and the archive could be
 * changed. As config/local.toml says.
 */
async function lockArchive(target: Target, Bucket: string): Promise<void> {
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
  } as const;
  await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
}
