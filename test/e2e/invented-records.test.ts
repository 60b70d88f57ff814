import { type AttributeValue, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { subjectBlocked } from '@tvm/core/records/audit-fact.ts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import {
  factKey,
  introspectionsKey,
  recordKey,
  revocationRequestKey,
  subjectFactKey,
  subjectStatusKey,
} from '#lambdas/adapters/dynamo/items.ts';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { archived } from '../support/deployed-archive.ts';
import { endpoint, introspect, operator, vend } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { functionOf } from '../support/outage.ts';

type Item = Record<string, AttributeValue>;

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const READERS = ['publish-audit', 'archive-audit'];

/** Every invented event names this ARN. */
const INVENTED = 'arn:aws:iam::000000000000:user/invented';

let invoker: LambdaClient;
let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
  const iam = new IAMClient(target);
  const UserName = 'e2e-invoker';
  await iam.send(new CreateUserCommand({ UserName }));
  const Statement = [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'invoke', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  invoker = new LambdaClient({ ...target, credentials });
});

/**
 * Invokes a function that reads the stream with a record, as a user who may only invoke functions. @returns the event's
 * ID
 */
async function hand(reader: string, NewImage: Item, OldImage?: Item, eventID: string = crypto.randomUUID()) {
  const record = {
    eventID,
    eventName: OldImage === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
      Keys: { pk: NewImage.pk, sk: NewImage.sk },
      NewImage: { ...NewImage, signedDigest: undefined },
      ...(OldImage && { OldImage: { ...OldImage, signedDigest: undefined } }),
    },
  };
  const Payload = JSON.stringify({ Records: [record] });
  const response = await invoker.send(new InvokeCommand({ FunctionName: await functionOf(reader), Payload }));
  expect([response.FunctionError, Buffer.from(response.Payload ?? []).toString()]).toEqual([undefined, 'null']);
  return eventID;
}

async function itemOf(tokenId: string): Promise<Item> {
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: outputs.TableName, Key: recordKey(tokenId), ConsistentRead: true }),
  );
  if (Item === undefined) throw new Error('a token has a record');
  return Item;
}

/** Returns the published or archived events with an ID. */
async function eventsWithId(reader: string, eventId: string) {
  if (reader === 'publish-audit') return audit.eventsWith('eventId', eventId);
  return (await archived('--from', '1h')).filter((event) => event.eventId === eventId);
}

/** Waits until every record passed to a reader so far would have been delivered. */
async function later(reader: string): Promise<void> {
  const { tokenId } = await vend();
  await eventually(async () => {
    const events =
      reader === 'publish-audit' ? await audit.eventsWith('tokenId', tokenId) : await archived('--token-id', tokenId);
    expect(events.length).toBeGreaterThan(0);
  });
}

const now = Date.now();
const order = {
  revocationId: crypto.randomUUID(),
  selector: { all: true },
  revokedBefore: now,
  from: now,
  by: INVENTED,
  orderedAt: now,
  revoked: 0,
  ttl: now,
};
const introspected = (tokenId: string) => ({
  ...{ tokenId, subject: INVENTED, audience: 'orders-db', by: INVENTED, result: 'revoked' as const, minute: now },
});

/** Invented records, based on the item of an existing token. */
const inventions: [string, (item: Item) => [after: Item, before?: Item]][] = [
  ['a token that was never issued', (item) => [{ ...item, ...recordKey(crypto.randomUUID()) }]],
  ['a token of another subject', (item) => [{ ...item, ...marshall({ subject: INVENTED }) }]],
  [
    'the revocation of a token',
    (item) => [{ ...item, ...marshall({ status: 'revoked', revokedAt: now, revokedBy: INVENTED }) }, item],
  ],
  [
    'the denial of a request',
    (item) => [{ ...item, ...marshall({ status: 'denied', denial: 'policy', policyErrors: [] }) }],
  ],
  [
    'the failure of a token',
    (item) => [{ ...item, ...marshall({ status: 'failed', failure: 'x', failedAt: now }) }, item],
  ],
  ['the expiry of a token', (item) => [{ ...item, ...marshall({ status: 'expired' }) }, item]],
  ['a revocation', () => [{ ...revocationRequestKey(order.revocationId), ...marshall(order) }]],
  [
    'the completion of a revocation',
    () => [
      { ...revocationRequestKey(order.revocationId), ...marshall({ ...order, completedAt: now }) },
      { ...revocationRequestKey(order.revocationId), ...marshall(order) },
    ],
  ],
  [
    'the introspection of a token',
    ({ tokenId }) => {
      const counted = introspected(tokenId?.S ?? '');
      return [{ ...introspectionsKey(counted), ...marshall({ ...counted, last: now, count: 1, ttl: now }) }];
    },
  ],
  [
    'the block of a workload',
    () => {
      const blocked = subjectBlocked(INVENTED, { until: now + 1, at: now, by: INVENTED });
      return [{ ...subjectFactKey(INVENTED, crypto.randomUUID()), ...marshall(blocked) }];
    },
  ],
  [
    'the block of a workload, in the format of an earlier version',
    () => [{ ...subjectStatusKey(INVENTED), ...marshall({ block: { until: now + 1, at: now, by: INVENTED } }) }],
  ],
  [
    'a change of the policies',
    () => {
      const fact = {
        detailType: 'Policy Changed' as const,
        detail: { time: new Date(now).toISOString(), after: 'invented' },
      };
      return [{ ...factKey('invented', fact), ...marshall(fact) }];
    },
  ],
  [
    'an event that the audit does not have',
    () => [{ pk: { S: 'invented' }, sk: { S: 'FACT#invented' }, ...marshall({ detailType: 'Invented', detail: {} }) }],
  ],
];

describe.each(READERS)('a caller who may invoke %s', (reader) => {
  it.each(inventions)(
    'cannot make it report an invented event: %s',
    async (_, invent) => {
      const { tokenId } = await vend({ reason: 'to be forged' });
      const eventId = await hand(reader, ...invent(await itemOf(tokenId)));
      await later(reader);
      expect(await eventsWithId(reader, eventId)).toEqual([]);
    },
    60_000,
  );

  it('can make it repeat a true event, although the token was revoked and introspected later', async () => {
    const { token, tokenId } = await vend({ reason: 'to be repeated' });
    const item = await itemOf(tokenId);
    expect(await introspect(token)).toMatchObject({ active: true });
    await curl(`${endpoint}/revocations`, operator, ...formData({ token_id: tokenId }));
    await eventually(async () => expect(unmarshall(await itemOf(tokenId)).status).toBe('revoked'));
    const issued = await hand(reader, item);
    const revoked = await hand(reader, await itemOf(tokenId), item);
    await eventually(async () => {
      expect(await eventsWithId(reader, issued)).toHaveLength(1);
      expect(await eventsWithId(reader, revoked)).toHaveLength(1);
    });
  }, 60_000);
});

it('a caller who may invoke archive-audit cannot archive events at a time that no digest covers', async () => {
  const { tokenId } = await vend({ reason: 'at another time' });
  const NewImage = { ...(await itemOf(tokenId)), signedDigest: undefined };
  const handed: string[] = [];
  for (const days of [-2, 0, 2, 400]) {
    const eventID = crypto.randomUUID();
    handed.push(eventID);
    const ApproximateCreationDateTime = Math.floor(Date.now() / 1000) + days * 86_400;
    const Payload = JSON.stringify({ Records: [{ eventID, dynamodb: { ApproximateCreationDateTime, NewImage } }] });
    await invoker.send(new InvokeCommand({ FunctionName: await functionOf('archive-audit'), Payload }));
  }
  const s3 = new S3Client({ ...target, forcePathStyle: true });
  const names: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: outputs.AuditArchiveBucket })) {
    names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
  }
  // An object is named after its first event. A record with the current time is archived again.
  expect(handed.map((eventId) => names.some((name) => name.includes(eventId)))).toEqual([false, true, false, false]);
}, 60_000);
