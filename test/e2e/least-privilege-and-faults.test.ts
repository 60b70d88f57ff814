import { DescribeTableCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { auditEvents } from '@tvm/contract/events.ts';
import { signingDigest } from '@tvm/core/keys/jws.ts';
import { AwsClient } from 'aws4fetch';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { recordKey } from '#lambdas/adapters/dynamo/items.ts';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { ask, vend } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { denied, functionOf, restore, roleOf } from '../support/outage.ts';

const { target, outputs } = inject('deployed');
const iam = new IAMClient(target);
const dynamo = new DynamoDBClient(target);
const lambda = new LambdaClient(target);

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});

describe('when a dependency rejects calls of the issuing function', () => {
  let role: string;
  beforeAll(async () => {
    role = await roleOf('issue-token');
  });
  afterEach(async () => {
    await restore(role).catch(() => {});
    await eventually(async () => expect((await ask()).status).toBe(200));
  });

  // The emulator enforces every function role in the same way, so these tests prove that the role policies apply.
  it.each(['kms:Sign', 'dynamodb:GetItem'])('%s: no token, 503, and the record becomes failed', async (action) => {
    await denied(role, action);
    const { status, headers, body } = await ask();
    expect([status, headers['retry-after'], body.error]).toEqual([503, '2', 'temporarily_unavailable']);
    expect(JSON.stringify(body)).not.toMatch(/AccessDenied|kms|dynamodb|arn:/i);
    await eventually(async () => {
      const events = await audit.eventsWith('requestId', body.request_id);
      expect(events.map(({ detailType }) => detailType)).toEqual(['Token Issued', 'Token Failed']);
    });
  });

  it('dynamodb:PutItem: no token without a record, 503', async () => {
    await denied(role, 'dynamodb:PutItem');
    const { status, body } = await ask();
    expect([status, body.error]).toEqual([503, 'temporarily_unavailable']);
    // A token issued after the failed request is published after it would have been.
    await restore(role);
    const later = await eventually(() => vend());
    await eventually(async () => expect(await audit.eventsWith('tokenId', later.tokenId)).toHaveLength(1));
    expect(await audit.eventsWith('requestId', body.request_id)).toEqual([]);
  });
});

describe('when publish-audit fails', () => {
  let role: string;
  let publishAudit: string;
  beforeAll(async () => {
    role = await roleOf('publish-audit');
    publishAudit = await functionOf('publish-audit');
  });
  afterEach(() => restore(role).catch(() => {}));

  /** Delivers stream records again, as docs/how-to/handle-dead-letters.md describes. */
  async function deliver(Records: readonly object[]): Promise<void> {
    const Payload = JSON.stringify({ Records });
    const response = await lambda.send(new InvokeCommand({ FunctionName: publishAudit, Payload }));
    expect(response.FunctionError).toBeUndefined();
  }

  it('an event that cannot be published becomes a complete dead letter; later events are published, and the letter on redelivery', async () => {
    await denied(role, 'events:PutEvents');
    const { tokenId } = await vend({ reason: 'while the bus was away' });
    const sqs = new SQSClient(target);
    const letter = await eventually(async () => {
      const receive = new ReceiveMessageCommand({ QueueUrl: outputs.AuditDeadLetterQueueUrl, MaxNumberOfMessages: 10 });
      const { Messages = [] } = await sqs.send(receive);
      const letters = Messages.map(({ Body = '' }) => JSON.parse(Body));
      const found = letters.find(({ detail }) => detail.tokenId === tokenId);
      expect(found?.detailType).toBe('Token Issued');
      return found;
    });
    expect(auditEvents['Token Issued'].strict().parse(letter.detail).reason).toBe('while the bus was away');
    await restore(role);
    const later = await vend();
    await eventually(async () => expect(await audit.eventsWith('tokenId', later.tokenId)).toHaveLength(1));
    expect(await audit.eventsWith('tokenId', tokenId)).toEqual([]);
    await deliver([letter.record]);
    await eventually(async () => {
      const { detailType, detail } = letter;
      expect(await audit.eventsWith('tokenId', tokenId)).toEqual([{ detailType, detail }]);
    });
  });

  it('a discarded batch is published after it is read from the stream and delivered again', async () => {
    const { tokenId } = await vend({ reason: 'read from the stream' });
    await eventually(async () => expect(await audit.eventsWith('tokenId', tokenId)).toHaveLength(1));
    const records = await streamRecords();
    expect(records.some(({ dynamodb }) => dynamodb.Keys.pk?.S === `TOKEN#${tokenId}`)).toBe(true);
    // The records include index entries and deletions.
    await deliver(records);
    await eventually(async () => {
      const [first, second, ...more] = await audit.eventsWith('tokenId', tokenId);
      expect(more).toEqual([]);
      expect(second).toEqual(first);
    });
  });

  it('nothing is lost while its table rejects calls', async () => {
    await denied(role, 'dynamodb:BatchGetItem');
    const { tokenId } = await vend({ reason: 'while the table was away' });
    await restore(role);
    await eventually(async () => expect(await audit.eventsWith('tokenId', tokenId)).toHaveLength(1), 25_000);
  }, 40_000);
});

interface StreamRecord {
  dynamodb: { Keys: Record<string, { S?: string }> };
}

/** The fields that the operations of the stream's API return. */
interface StreamResponse {
  StreamDescription: { Shards: { ShardId: string }[] };
  ShardIterator?: string;
  Records: StreamRecord[];
  NextShardIterator?: string;
}

/** Returns the last records of the table's stream, from the stream's own API. */
async function streamRecords(): Promise<StreamRecord[]> {
  const { credentials, region, endpoint } = target;
  const client = new AwsClient({ ...credentials, region, service: 'dynamodb' });
  const call = async (operation: string, body: object): Promise<StreamResponse> => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
    };
    const response = await client.fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    return (await response.json()) as StreamResponse;
  };
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: outputs.TableName }));
  const StreamArn = Table?.LatestStreamArn;
  const { StreamDescription } = await call('DescribeStream', { StreamArn });
  const records: StreamRecord[] = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const shard = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    let iterator = (await call('GetShardIterator', shard)).ShardIterator;
    for (let page = 0; iterator !== undefined && page < 20; page++) {
      const { Records, NextShardIterator } = await call('GetRecords', { ShardIterator: iterator, Limit: 1_000 });
      records.push(...Records);
      iterator = Records.length > 0 ? NextShardIterator : undefined;
    }
  }
  return records.slice(-100);
}

it('nobody but the issuing function signs: the key’s own policy refuses even an administrator of KMS', async () => {
  const UserName = 'e2e-kms-administrator';
  await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'kms', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const sign = new SignCommand({
    KeyId: outputs.SigningKeyArn,
    MessageType: 'DIGEST',
    Message: new Uint8Array(32),
    SigningAlgorithm: 'ECDSA_SHA_256',
  });
  await expect(new KMSClient({ ...target, credentials }).send(sign)).rejects.toThrow(/explicit deny/);
});

it('a token’s record contains neither the token nor its signature', async () => {
  const { token, tokenId } = await vend();
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(tokenId) }));
  // Encode bytes as base64url, like a token.
  const stored = JSON.stringify(Item, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
  );
  expect(stored).toContain(
    Buffer.from(signingDigest('ES256', token.slice(0, token.lastIndexOf('.')))).toString('base64url'),
  );
  for (const part of token.split('.')) expect(stored).not.toContain(part);
});
