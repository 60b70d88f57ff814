import { createHash } from 'node:crypto';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { CreateBucketCommand, ListObjectsV2Command, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Credentials } from '@tvm/api/signature.ts';
import { AwsClient } from 'aws4fetch';
import { decodeJwt } from 'jose';
import { workloadRole } from '#scripts/local/assumed-role.ts';
import type { CallerDifference } from '../differences.ts';
import { probeStack } from './stack.ts';
import { type At, as, fresh, outcome, type Probe, policy, session, user } from './tools.ts';

const all = { Effect: 'Allow', Action: '*', Resource: '*' } as const;
const noTables = { Effect: 'Deny', Action: 'dynamodb:ListTables', Resource: '*' } as const;

/** The identity and the permissions of a caller. */
export const callers: Record<CallerDifference, Probe> = {
  'no signature': async ({ outputs }) => passed(await fetch(`${outputs.Issuer}/token`, nonsense)),

  'a wrong secret': (at) => sends(at, { ...at.identities.workload, secretAccessKey: 'wrong' }),

  'an unknown access key': (at) => sends(at, { ...at.identities.workload, accessKeyId: 'AKIAUNKNOWNUNKNOWN00' }),

  'an old signature': (at) => sends(at, at.identities.workload, { datetime: '20260101T000000Z' }),

  'a wrong session token': async (at) => {
    const given = await (await workloadRole(at.target, at.outputs.WorkloadPolicyArn, 'probe-session-token'))('probe');
    return sends(at, { ...given, sessionToken: `${given.sessionToken?.slice(0, -4)}AAAA` });
  },

  'a changed body': (at) => changedBody(at, {}),

  'a changed body whose hash was sent': (at) =>
    changedBody(at, { 'x-amz-content-sha256': createHash('sha256').update(nonsense.body).digest('hex') }),

  'a signature for another service': (at) => sends(at, at.identities.workload, { service: 'sts' }),

  'the root key with a wrong secret': ({ target }) => {
    const wrong = { ...target.credentials, secretAccessKey: 'wrong' };
    return outcome(new STSClient(as(target, wrong)).send(new GetCallerIdentityCommand({})));
  },

  // On both emulators an access key of twelve digits is the root key of that account.
  'a caller of another account': (at) =>
    sends(at, { accessKeyId: '111122223333', secretAccessKey: at.target.credentials.secretAccessKey }),

  'the user in requestContext.identity': async (at) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      audience: 'orders-db',
      authorization_details: JSON.stringify([{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }]),
    }).toString();
    const response = await fetch(await signed(at, at.identities.workload, { ...nonsense, body }));
    const { access_token = '' } = (await response.json()) as { access_token?: string };
    return /^arn:aws:iam::\d{12}:user\/orders-service$/.test(decodeJwt(access_token).sub ?? '') ? 'passed' : 'missing';
  },

  'the address in X-Forwarded-For': async (at) => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' };
    const entry = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };
    const body = JSON.stringify({ audience: 'orders-db', authorization_details: [entry] });
    const init = { method: 'POST', headers, body };
    const response = await fetch(await signed(at, at.identities.workload, init, {}, 'explain'));
    const { source_ip } = (await response.json()) as { source_ip?: string };
    if (source_ip === undefined) throw new Error(`an explanation request got ${response.status}`);
    return source_ip === '203.0.113.7' ? 'trusted' : 'ignored';
  },

  'the session of a role': async (at) => {
    const given = await session(at, [all], { RoleSessionName: 'by-night' });
    const { Arn = '' } = await new STSClient(as(at.target, given)).send(new GetCallerIdentityCommand({}));
    return /^arn:aws:sts::\d{12}:assumed-role\/probe-[^/]+\/by-night$/.test(Arn) ? 'returned' : 'missing';
  },

  'a user without permission': async (at) => listTables(at, await user(at)),

  'the deny of a role': async (at) => {
    const before = await listTables(at, await session(at, [all]));
    if (before !== 'let through') throw new Error(`the request of a role with all permissions was ${before}`);
    return listTables(at, await session(at, [all, noTables]));
  },

  'the deny of a role for some resources': async (at) => {
    const { TableName } = at.outputs;
    const Resource = `arn:aws:dynamodb:*:*:table/${TableName}`;
    const caller = await session(at, [all, { Effect: 'Deny', Action: 'dynamodb:DescribeTable', Resource }]);
    return outcome(new DynamoDBClient(as(at.target, caller)).send(new DescribeTableCommand({ TableName })));
  },

  'a session policy': async (at) =>
    listTables(at, await session(at, [all], { Policy: policy({ ...all, Action: 's3:*' }) })),

  'a session of 60 seconds': async (at) => {
    await session(at, [all], { DurationSeconds: 900 });
    return outcome(session(at, [all], { DurationSeconds: 60 }));
  },

  'the policy of a key': async (at) => {
    const kms = new KMSClient(as(at.target, await user(at, { ...all, Action: 'kms:*' })));
    const sign = { MessageType: 'DIGEST', Message: new Uint8Array(32), SigningAlgorithm: 'ECDSA_SHA_256' } as const;
    return outcome(kms.send(new SignCommand({ KeyId: at.outputs.SigningKeyArn, ...sign })));
  },

  'the policy of a bucket': async (at) => {
    const Bucket = fresh();
    const root = new S3Client({ ...at.target, forcePathStyle: true });
    const Resource = `arn:aws:s3:::${Bucket}`;
    await root.send(new CreateBucketCommand({ Bucket }));
    const caller = await user(at, { ...all, Action: 's3:*' });
    const deny = { Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource };
    const s3 = new S3Client({ ...as(at.target, caller), forcePathStyle: true });
    await s3.send(new ListObjectsV2Command({ Bucket }));
    await root.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(deny) }));
    return outcome(s3.send(new ListObjectsV2Command({ Bucket })));
  },

  'the policy of a bus': async (at) => putOn((await probeStack(at)).closedBus, at),

  'events:source': (at) => {
    // If an entry's source is not in the request context, this condition is true for all sources.
    const Condition = { 'ForAllValues:StringEquals': { 'events:source': 'mine' } };
    return putOn('default', at, Condition);
  },

  'dynamodb:LeadingKeys': async (at) => {
    const TableName = fresh();
    await new DynamoDBClient(at.target).send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      }),
    );
    const Condition = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'MINE#*' } };
    const caller = await user(at, { ...all, Action: 'dynamodb:PutItem', Condition });
    const put = new PutItemCommand({ TableName, Item: { pk: { S: 'YOURS#1' } } });
    return outcome(new DynamoDBClient(as(at.target, caller)).send(put));
  },
};

/** A request that the token function rejects with 400. */
const nonsense = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'x=y' };

/**
 * Classifies a response. A request that reaches the function gets another status than these, even if the function
 * fails.
 */
async function passed(response: Response): Promise<string> {
  await response.body?.cancel();
  return response.status === 403 ? 'refused' : response.status === 404 ? 'not found' : 'let through';
}

/** @param how changes to the signature, for `aws4fetch` */
function signed(
  at: At,
  credentials: Credentials,
  init: RequestInit,
  how: object = {},
  path = 'token',
): Promise<Request> {
  const client = new AwsClient({ ...credentials, region: at.target.region, service: 'execute-api', retries: 0 });
  return client.sign(`${at.outputs.Issuer}/${path}`, { ...init, aws: how });
}

async function sends(at: At, credentials: Credentials, how: object = {}): Promise<string> {
  return passed(await fetch(await signed(at, credentials, nonsense, how)));
}

async function changedBody(at: At, more: Record<string, string>): Promise<string> {
  const headers = { ...nonsense.headers, ...more };
  const request = await signed(at, at.identities.workload, { ...nonsense, headers });
  return passed(await fetch(request.url, { method: 'POST', headers: request.headers, body: 'x=z' }));
}

function listTables({ target }: At, credentials: Credentials): Promise<string> {
  return outcome(new DynamoDBClient(as(target, credentials)).send(new ListTablesCommand({})));
}

/** Puts an event on a bus, as a caller whose IAM policy allows it. @param Condition of that policy */
async function putOn(EventBusName: string, at: At, Condition?: object): Promise<string> {
  const caller = await user(at, { ...all, Action: 'events:PutEvents', ...(Condition && { Condition }) });
  const Entries = [{ EventBusName, Source: 'probe', DetailType: 'Probe', Detail: '{}' }];
  return outcome(new EventBridgeClient(as(at.target, caller)).send(new PutEventsCommand({ Entries })));
}
