import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { auditEvents } from '@tvm/contract/events.ts';
import { writeLines } from '@tvm/core/audit/archive/chain.ts';
import { eventsKey, firstEventAt } from '@tvm/core/audit/archive/names.ts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { recordKey } from '#lambdas/adapters/dynamo/items.ts';
import { curl } from '../support/curl.ts';
import { administrator, archived } from '../support/deployed-archive.ts';
import { ask, endpoint, introspect, operator, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { denied, functionOf, restore, roleOf } from '../support/outage.ts';
import { runTvm } from '../unit/clients/cli/run-tvm.ts';

const { target, outputs } = inject('deployed');
const s3 = new S3Client({ ...target, forcePathStyle: true });
const lambda = new LambdaClient(target);
const Bucket = outputs.AuditArchiveBucket;
async function names(Prefix = ''): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  return Contents.map(({ Key = '' }) => Key);
}

async function content(Key: string): Promise<Uint8Array> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Creates a user whose policy allows everything in S3. */
async function storageAdministrator() {
  const iam = new IAMClient(target);
  const UserName = 'e2e-storage-administrator';
  await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: 'Allow', Action: ['s3:*', 'kms:*'], Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 's3', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

/** Signs a digest of everything archived so far. */
async function signDigest(): Promise<string[]> {
  const Payload = JSON.stringify({ sealNow: true });
  const response = await lambda.send(new InvokeCommand({ FunctionName: outputs.AuditDigestFunction, Payload }));
  const result = JSON.parse(Buffer.from(response.Payload ?? []).toString());
  if (response.FunctionError !== undefined) throw new Error(JSON.stringify(result));
  return result.digests;
}

const verify = (...args: string[]) => runTvm(['audit', 'verify', ...args], { env: administrator });
const typesOf = (events: Record<string, unknown>[]) => events.map(({ detailType }) => detailType);

describe('the archive', () => {
  let tokenId: string;
  let token: string;
  beforeAll(async () => {
    ({ tokenId, token } = await vend({ reason: 'to be archived' }));
    await introspect(token);
    await curl(`${endpoint}/revoke`, workload, '--data-urlencode', `token=${token}`);
  });

  it('has the life of a token: issued, introspected, revoked', async () => {
    await eventually(async () => {
      expect(typesOf(await archived('--token-id', tokenId))).toEqual(
        expect.arrayContaining(['Token Issued', 'Token Introspected', 'Token Revoked']),
      );
    });
    const [issued] = await archived('--token-id', tokenId, '--type', 'Token Issued');
    const { detailType, class: _, ...detail } = issued ?? {};
    expect(auditEvents['Token Issued'].strict().parse(detail)).toMatchObject({ tokenId, reason: 'to be archived' });
  });

  it('has denials, and the request and the result of a revocation', async () => {
    const { body } = await ask({ audience: 'billing' });
    const subject = 'arn:aws:iam::000000000000:user/nobody-of-the-archive';
    const response = await curl(
      `${endpoint}/revocations`,
      operator,
      '--data',
      JSON.stringify({ subject, reason: 'archived', allow_unknown: true }),
      '--header',
      'content-type: application/json',
    );
    expect(response.status).toBeLessThan(300);
    await eventually(async () => {
      const denials = await archived('--type', 'Token Denied');
      expect(denials.map(({ requestId }) => requestId)).toContain(body.request_id);
      const revocationId = String(response.body.revocation_id);
      // Stream records have times in seconds, those of DynamoDBLocal in minutes, so objects of one time may be in any
      // order.
      const events = await archived('--revocation-id', revocationId);
      expect(typesOf(events.toSorted((a, b) => String(a.time).localeCompare(String(b.time))))).toEqual([
        'Revocation Ordered',
        'Revocation Completed',
      ]);
    });
  });

  it('has no token and no signature', async () => {
    for (const name of await names('events/')) {
      const text = Buffer.from(await content(name)).toString();
      for (const part of token.split('.')) expect(text).not.toContain(part);
    }
  });

  it('can be written only by the archiver, and nobody can remove objects', async () => {
    const everythingOfS3 = new S3Client({ ...target, forcePathStyle: true, credentials: await storageAdministrator() });
    const [name = ''] = await names('events/');
    // A user with every S3 permission may read the archive, but not change it.
    await everythingOfS3.send(new GetObjectCommand({ Bucket, Key: name }));
    const digest = 'digests/dt=2026-01-01/2026-01-01T000000.000Z.jws';
    for (const Key of [name, `${name}.ndjson`, digest]) {
      await expect(everythingOfS3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))).rejects.toThrow(
        /explicit deny/,
      );
    }
    for (const Key of [name, digest]) {
      await expect(everythingOfS3.send(new DeleteObjectCommand({ Bucket, Key }))).rejects.toThrow(/explicit deny/);
    }
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: name }));
    expect(Versions).toHaveLength(1);
    const VersionId = Versions[0]?.VersionId;
    await expect(s3.send(new DeleteObjectCommand({ Bucket, Key: name, VersionId }))).rejects.toThrow(/object lock/i);
  });
});

describe('verification', () => {
  let copy: string;
  beforeAll(async () => {
    await vend();
    await eventually(async () => expect((await signDigest()).length).toBeGreaterThan(0));
    copy = mkdtempSync(join(tmpdir(), 'tvm-archive-'));
    for (const name of await names()) {
      mkdirSync(dirname(join(copy, name)), { recursive: true });
      writeFileSync(join(copy, name), await content(name));
    }
    const keys = await runTvm(['audit', 'keys', '--archive', `s3://${Bucket}`], { env: administrator });
    expect([keys.code, keys.stderr]).toEqual([0, '']);
    writeFileSync(join(copy, 'audit-keys.json'), keys.stdout);
  });

  it('in the bucket, with a key file that names the first digest: everything is unchanged', async () => {
    const keys = ['--keys', join(copy, 'audit-keys.json')];
    const { code, stdout, stderr } = await verify('--archive', `s3://${Bucket}`, ...keys);
    expect([code, stdout, stderr]).toEqual([0, expect.anything(), '']);
    expect(stdout).toMatch(/^intact: \d+ records? in \d+ objects?, covered by \d+ digests?/);
  });

  it('with the keys that the service publishes: nothing is found, and a restarted chain is not verified', async () => {
    const { code, stdout } = await verify('--archive', `s3://${Bucket}`);
    expect(code).toBe(5);
    expect(stdout).toMatch(/^no findings, but verification is incomplete: .*\nnot verified: /s);
  });

  it('in a copy with an added object: the object is found, and its events are not shown', async () => {
    const at = Date.now() + 86_400_000;
    const key = eventsKey({ at, eventId: 'forged' });
    const record = { detailType: 'Token Issued', eventId: 'forged', time: new Date(at).toISOString() };
    mkdirSync(dirname(join(copy, key)), { recursive: true });
    writeFileSync(join(copy, key), writeLines(key, [record]));
    const from = ['--archive', copy, '--keys', join(copy, 'audit-keys.json'), '--output', 'json'];
    const verified = await verify(...from);
    const queried = await runTvm(['audit', 'query', ...from]);
    rmSync(join(copy, key));
    expect(verified.code).toBe(5);
    expect(JSON.parse(verified.stdout).findings).toMatchObject([{ kind: 'object-added', key }]);
    expect([queried.code, queried.stdout.includes('forged')]).toEqual([5, false]);
    expect(queried.stderr).toContain(key);
  });

  it('in a copy, with only the keys: a changed byte is found, and the finding names the record', async () => {
    const offline = ['--archive', copy, '--keys', join(copy, 'audit-keys.json')];
    expect((await verify(...offline)).code).toBe(0);
    // The oldest object: the newest may not be in a digest yet, or not in the copy.
    const [name = ''] = await names('events/');
    const file = join(copy, name);
    const before = readFileSync(file);
    const changed = before.toString().replace('"version":"1"', '"version":"2"');
    writeFileSync(file, changed);
    const { code, stdout } = await verify(...offline, '--output', 'json');
    writeFileSync(file, before);
    expect(code).toBe(5);
    const { eventId } = JSON.parse(changed.split('\n')[0] ?? '');
    expect(JSON.parse(stdout).findings).toMatchObject([{ kind: 'record-changed', key: name, line: 1, eventId }]);
  });

  it('the keys of digests are not among the keys of tokens', async () => {
    const kids = async (path: string) => {
      const { keys } = (await (await fetch(`${endpoint}/.well-known/${path}`)).json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid);
    };
    const own = await kids('audit-keys.json');
    expect(own).toHaveLength(1);
    expect(await kids('jwks.json')).not.toContain(own[0]);
  });
});

describe('while the archive or its table rejects calls', () => {
  let role: string;
  beforeAll(async () => {
    role = await roleOf('archive-audit');
  });

  const archivedOf = async (vended: readonly string[]) =>
    (await archived('--type', 'Token Issued'))
      .map(({ tokenId }) => String(tokenId))
      .filter((id) => vended.includes(id));

  it.each([
    's3:PutObject',
    'dynamodb:Query',
    'dynamodb:BatchGetItem',
  ])('%s: nothing is lost, and afterwards each decision is archived once', async (action) => {
    const vended: string[] = [];
    for (let outage = 0; outage < 2; outage++) {
      await denied(role, action);
      const meanwhile: string[] = [];
      for (let count = 0; count < 5; count++) meanwhile.push((await vend({ reason: `without ${action}` })).tokenId);
      expect(await archivedOf(meanwhile)).toEqual([]);
      await restore(role);
      vended.push(...meanwhile, (await vend()).tokenId);
    }
    await eventually(async () => expect((await archivedOf(vended)).toSorted()).toEqual(vended.toSorted()), 25_000);
  }, 60_000);

  it('records that are delivered again, in the same or other batches, are not archived again', async () => {
    // Records written during an outage arrive as one batch after it, except those read earlier, whose batches stay the
    // same.
    await denied(role, 's3:PutObject');
    const vended: string[] = [];
    for (let count = 0; count < 4; count++) vended.push((await vend()).tokenId);
    await restore(role);
    await eventually(async () => expect(await archivedOf(vended)).toHaveLength(4), 25_000);
    const batch = await deliveredAgain(vended);
    const redeliver = async (Records: object[]) => {
      const response = await lambda.send(
        new InvokeCommand({ FunctionName: await functionOf('archive-audit'), Payload: JSON.stringify({ Records }) }),
      );
      expect(response.FunctionError).toBeUndefined();
    };
    expect(batch).toHaveLength(4);
    await redeliver(batch.slice(0, 2));
    await redeliver(batch.slice(2));
    await redeliver(batch);
    // Other events may have arrived meanwhile. Each of these events is archived once, in any object.
    expect((await linesOf(vended)).map(({ tokenId }) => tokenId).toSorted()).toEqual(vended.toSorted());
    const adopted = new QueryCommand({
      TableName: outputs.TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'ARCHIVE' } },
    });
    expect((await new DynamoDBClient(target).send(adopted)).Count).toBeGreaterThan(0);
  });
});

/** Returns the archived records of issued tokens, each with the name of its object. */
async function linesOf(tokenIds: readonly string[]): Promise<{ name: string; eventId: string; tokenId: string }[]> {
  const found = [];
  for (const name of await names('events/')) {
    const lines = Buffer.from(await content(name))
      .toString()
      .trim()
      .split('\n');
    for (const { detailType, eventId, tokenId } of lines.map((line) => JSON.parse(line))) {
      if (detailType === 'Token Issued' && tokenIds.includes(tokenId)) found.push({ name, eventId, tokenId });
    }
  }
  return found;
}

/**
 * Rebuilds the stream's records of tokens from the archive and from their items. The number of archive objects depends
 * on the stream's batches at delivery.
 */
async function deliveredAgain(tokenIds: readonly string[]): Promise<object[]> {
  const dynamo = new DynamoDBClient(target);
  const records: object[] = [];
  for (const { name, eventId, tokenId } of await linesOf(tokenIds)) {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(tokenId) }));
    records.push({
      eventID: eventId,
      eventName: 'INSERT',
      dynamodb: {
        ApproximateCreationDateTime: (firstEventAt(name) ?? 0) / 1000,
        Keys: recordKey(tokenId),
        NewImage: { ...Item, signedDigest: undefined },
      },
    });
  }
  return records;
}
