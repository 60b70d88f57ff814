import { createPublicKey, verify } from 'node:crypto';
import { CloudWatchClient, GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeContinuousBackupsCommand, DescribeTimeToLiveCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateKeyCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  KMSClient,
  SignCommand,
  VerifyMacCommand,
} from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectLockConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { eventually } from '../../support/eventually.ts';
import type { ServiceDifference } from '../differences.ts';
import { deployTemplate, OWN_WORDS, probeStack } from './stack.ts';
import { type At, fresh, outcome, type Probe } from './tools.ts';

/** The behaviour of services other than DynamoDB. */
export const services: Record<ServiceDifference, Probe> = {
  'time to live in a template': async (at) => {
    const { table: TableName } = await probeStack(at);
    const { TimeToLiveDescription } = await dynamoOf(at).send(new DescribeTimeToLiveCommand({ TableName }));
    return isSet(TimeToLiveDescription?.TimeToLiveStatus === 'ENABLED');
  },

  'point-in-time recovery in a template': async (at) => {
    const { table: TableName } = await probeStack(at);
    const command = new DescribeContinuousBackupsCommand({ TableName });
    const { ContinuousBackupsDescription } = await dynamoOf(at).send(command);
    const { PointInTimeRecoveryDescription } = ContinuousBackupsDescription ?? {};
    return isSet(PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED');
  },

  'Object Lock in a template': async (at) => {
    const { bucket: Bucket } = await probeStack(at);
    const command = new GetObjectLockConfigurationCommand({ Bucket });
    const { ObjectLockConfiguration } = await s3Of(at)
      .send(command)
      .catch(() => ({ ObjectLockConfiguration: undefined }));
    return isSet(ObjectLockConfiguration?.Rule?.DefaultRetention?.Mode === 'GOVERNANCE');
  },

  'a dashboard in a template': async (at) => {
    const { dashboard: DashboardName } = await probeStack(at);
    const command = new GetDashboardCommand({ DashboardName });
    const { DashboardBody } = await new CloudWatchClient(at.target)
      .send(command)
      .catch(() => ({ DashboardBody: undefined }));
    return isSet(DashboardBody !== undefined);
  },

  'an archive of events in a template': async (at) => {
    const SourceArn = { 'Fn::Sub': 'arn:aws:events:$' + '{AWS::Region}:$' + '{AWS::AccountId}:event-bus/default' };
    const Archive = { Type: 'AWS::Events::Archive', Properties: { SourceArn, RetentionDays: 1 } };
    const { status } = await deployTemplate(at, { Resources: { Archive } });
    return status === 'CREATE_COMPLETE' ? 'created' : 'fails';
  },

  'what a failing function says': async (at) => {
    const response = await fetch((await probeStack(at)).url);
    if (response.status !== 502) throw new Error(`a failing function got ${response.status}`);
    return (await response.text()).includes(OWN_WORDS) ? 'shown' : 'hidden';
  },

  'the log group of a function': async (at) => {
    const { function: name, logGroup, url } = await probeStack(at);
    await (await fetch(url)).body?.cancel();
    const logs = new CloudWatchLogsClient(at.target);
    return eventually(async () => {
      const groups = { [logGroup]: 'used', [`/aws/lambda/${name}`]: 'ignored' };
      for (const [logGroupName, word] of Object.entries(groups)) {
        const command = new FilterLogEventsCommand({ logGroupName });
        const { events = [] } = await logs.send(command).catch(() => ({ events: [] }));
        if (events.some(({ message }) => message?.includes(OWN_WORDS))) return word;
      }
      throw new Error('the function has logged nothing yet');
    });
  },

  'an event of AWS’s own': async ({ target }) => {
    const Entries = [{ Source: 'aws.ecs', DetailType: 'Probe', Detail: '{}' }];
    const put = new EventBridgeClient(target).send(new PutEventsCommand({ Entries }));
    const whole = await outcome(put);
    return whole === 'let through' && (await put).FailedEntryCount === 1 ? 'refused' : whole;
  },

  'the URL of a queue': async ({ target }) => {
    const { QueueUrl = '' } = await new SQSClient(target).send(new CreateQueueCommand({ QueueName: fresh() }));
    const named = new SQSClient({ ...target, endpoint: new URL(QueueUrl).origin, maxAttempts: 1 });
    return named.send(new GetQueueAttributesCommand({ QueueUrl })).then(
      () => 'reachable',
      () => 'unreachable',
    );
  },

  'an object that is there': async (at) => {
    const Bucket = fresh();
    await s3Of(at).send(new CreateBucketCommand({ Bucket }));
    const put = () => s3Of(at).send(new PutObjectCommand({ Bucket, Key: 'one', Body: 'x', IfNoneMatch: '*' }));
    await put();
    return outcome(put());
  },

  'a locked object': async (at) => {
    const Bucket = fresh();
    await s3Of(at).send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const ObjectLockRetainUntilDate = new Date(Date.now() + 3_600_000);
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate } as const;
    const { VersionId } = await s3Of(at).send(new PutObjectCommand({ Bucket, Key: 'one', Body: 'x', ...lock }));
    return outcome(s3Of(at).send(new DeleteObjectCommand({ Bucket, Key: 'one', VersionId })));
  },

  'the signature of a digest': async ({ target }) => {
    const kms = new KMSClient(target);
    const KeyId = await keyOf(kms, 'ECC_NIST_P256', 'SIGN_VERIFY');
    const message = Buffer.from('what is signed');
    const Message = new Uint8Array(await crypto.subtle.digest('SHA-256', message));
    const how = { KeyId, MessageType: 'DIGEST', SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    const { Signature = new Uint8Array() } = await kms.send(new SignCommand({ ...how, Message }));
    const { PublicKey = new Uint8Array() } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
    return verify('sha256', message, key, Signature) ? 'verified' : 'not verified';
  },

  'a code of KMS': async ({ target }) => {
    const kms = new KMSClient(target);
    const how = { KeyId: await keyOf(kms, 'HMAC_256', 'GENERATE_VERIFY_MAC'), MacAlgorithm: 'HMAC_SHA_256' } as const;
    const Message = Buffer.from('one');
    const { Mac } = await kms.send(new GenerateMacCommand({ ...how, Message }));
    const { MacValid } = await kms.send(new VerifyMacCommand({ ...how, Message, Mac }));
    const other = outcome(kms.send(new VerifyMacCommand({ ...how, Message: Buffer.from('two'), Mac })));
    return MacValid && (await other) === 'refused' ? 'verified' : 'not verified';
  },
};

const isSet = (is: boolean) => (is ? 'kept' : 'dropped');
const dynamoOf = ({ target }: At) => new DynamoDBClient(target);
const s3Of = ({ target }: At) => new S3Client({ ...target, forcePathStyle: true });

async function keyOf(
  kms: KMSClient,
  KeySpec: 'ECC_NIST_P256' | 'HMAC_256',
  KeyUsage: 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC',
): Promise<string> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
  return KeyMetadata?.KeyId ?? '';
}
