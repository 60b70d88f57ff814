import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { auditEvents } from '../../contract/events.ts';
import { signingDigest } from '../../core/jws.ts';
import { recordKey } from '../../lambdas/adapters/dynamo-items.ts';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { ask, vend } from '../support/deployed-machine.ts';
import { eventually } from '../support/eventually.ts';
import { denied, restore, roleOf } from '../support/outage.ts';

const { target, outputs } = inject('deployed');
const iam = new IAMClient(target);
const dynamo = new DynamoDBClient(target);

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});

describe('when a dependency refuses the issuing function', () => {
  let role: string;
  beforeAll(async () => {
    role = await roleOf('issue-token');
  });
  afterEach(async () => {
    await restore(role).catch(() => {});
    await eventually(async () => expect((await ask()).status).toBe(200));
  });

  // What the emulator enforces on a function's role it enforces on each: these prove that the roles are real.
  it.each(['kms:Sign', 'dynamodb:GetItem'])('%s: no token, 503, and the record turns to failed', async (action) => {
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
    // What is vended after it is published after it.
    await restore(role);
    const later = await eventually(() => vend());
    await eventually(async () => expect(await audit.eventsWith('tokenId', later.tokenId)).toHaveLength(1));
    expect(await audit.eventsWith('requestId', body.request_id)).toEqual([]);
  });
});

it('what cannot be published is a dead letter, whole, and what comes later is published', async () => {
  const RoleName = await roleOf('publish-audit');
  await denied(RoleName, 'events:PutEvents');
  const { tokenId } = await vend({ reason: 'while the bus was away' });
  const sqs = new SQSClient(target);
  await eventually(async () => {
    const receive = new ReceiveMessageCommand({ QueueUrl: outputs.AuditDeadLetterQueueUrl, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await sqs.send(receive);
    const letters = Messages.map(({ Body = '' }) => JSON.parse(Body));
    const letter = letters.find(({ detail }) => detail.tokenId === tokenId);
    expect(letter?.detailType).toBe('Token Issued');
    expect(auditEvents['Token Issued'].strict().parse(letter?.detail).reason).toBe('while the bus was away');
  });
  await restore(RoleName);
  const later = await vend();
  await eventually(async () => expect(await audit.eventsWith('tokenId', later.tokenId)).toHaveLength(1));
});

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

it('a token’s record holds neither the token nor its signature', async () => {
  const { token, tokenId } = await vend();
  const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(tokenId) }));
  // Bytes as base64url, as a token writes them.
  const stored = JSON.stringify(Item, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
  );
  expect(stored).toContain(
    Buffer.from(signingDigest('ES256', token.slice(0, token.lastIndexOf('.')))).toString('base64url'),
  );
  for (const part of token.split('.')) expect(stored).not.toContain(part);
});
