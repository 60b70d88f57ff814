import { createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import { indexPosition } from '@tvm/core/records/token-selector.ts';
import { INDEX_SHARDS, indexPartition, shardOf, toItem } from '#lambdas/adapters/dynamo/items.ts';
import { signDigest } from './sign-digest.ts';

export interface StubAws {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  /** The private key of every key ARN. */
  privateKey: KeyObject;
  /** The only token record. */
  record: IssuedRecord | undefined;
  /** The operations called since the list was last emptied, e.g. `Sign`. */
  calls: string[];
  stop(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: requests of many operations, each sent by the AWS SDK
type Operation = (request: any) => object;

/**
 * Starts a stub of the AWS operations that the functions call, on loopback, which responds at once: KMS with one P-256
 * key, DynamoDB with one record, EventBridge, SQS, and S3 with an empty bucket. It also acts as transmitter and
 * receiver of security events, with the same key.
 */
export async function startStubAws(): Promise<StubAws> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64');
  const operations: Record<string, Operation> = {
    GetPublicKey: ({ KeyId }) => ({ KeyId, KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', PublicKey: publicKey }),
    Sign: ({ KeyId, Message, SigningAlgorithm }) => ({
      KeyId,
      SigningAlgorithm,
      Signature: signDigest(privateKey, Buffer.from(Message, 'base64')).toString('base64'),
    }),
    PutItem: () => ({}),
    // A lease of status list indexes reads its result; no caller reads the result of another update.
    UpdateItem: () => ({ Attributes: { list: { N: '1' }, next: { N: '100' } } }),
    GetItem: ({ Key }) => (stub.record && Key.sk?.S === 'RECORD' ? { Item: wireItem(toItem(stub.record)) } : {}),
    BatchGetItem: ({ RequestItems }) => {
      const [table = ''] = Object.keys(RequestItems);
      return { Responses: { [table]: stub.record ? [wireItem(toItem(stub.record))] : [] }, UnprocessedKeys: {} };
    },
    BatchWriteItem: () => ({ UnprocessedItems: {} }),
    TransactWriteItems: () => ({}),
    Query: ({ ExpressionAttributeValues: values }) => {
      const Items = stub.record ? indexed(stub.record, values[':partition']?.S) : [];
      return { Items, Count: Items.length, ScannedCount: Items.length };
    },
    SendMessage: ({ MessageBody }) => ({ MessageId: 'stub', MD5OfMessageBody: hash('md5', MessageBody) }),
    PutEvents: ({ Entries }) => ({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'stub' })) }),
  };

  const publicJwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
  const server = createServer(async (request, response) => {
    if (request.url === '/jwks.json') return void response.end(JSON.stringify({ keys: [publicJwk] }));
    if (request.url === '/security-events') return void request.resume().on('end', () => response.writeHead(202).end());
    if (request.headers['x-amz-target'] === undefined) return answerAsS3(request, response, stub.calls);
    const name = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = await text(request);
    const operation = operations[name];
    stub.calls.push(name);
    response.writeHead(operation ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(operation?.(JSON.parse(body)) ?? { __type: 'UnknownOperationException' }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const stub: StubAws = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    privateKey,
    record: undefined,
    calls: [],
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return stub;
}

/** Acts as S3 with an empty bucket that accepts objects. */
function answerAsS3({ method, url = '' }: IncomingMessage, response: ServerResponse, calls: string[]): void {
  if (method === 'PUT') {
    calls.push('PutObject');
    response.writeHead(200, { etag: '"stub"' }).end();
  } else if (url.includes('list-type=2')) {
    calls.push('ListObjectsV2');
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end('<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>');
  } else {
    calls.push('GetObject');
    response.writeHead(404, { 'content-type': 'application/xml' }).end('<Error><Code>NoSuchKey</Code></Error>');
  }
}

/** Returns the record's entry in the index if the partition is the one of all issued tokens. */
function indexed({ tokenId, decidedAt }: IssuedRecord, partition: string | undefined): object[] {
  const all = indexPartition('issued', { dimension: 'all', value: '' }, shardOf(tokenId) % INDEX_SHARDS);
  return partition === all ? [{ sk: { S: indexPosition(decidedAt, tokenId) } }] : [];
}

/** Returns an item in DynamoDB's JSON format: binary values in base64. */
function wireItem(item: ReturnType<typeof toItem>): object {
  return JSON.parse(JSON.stringify(item, (_, value) => (value?.B === undefined ? value : { B: base64(value.B) })));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
