import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IssuedRecord } from '../core/token-record.ts';
import { toItem } from '../lambdas/adapters/dynamo-items.ts';
import { signDigest } from './sign-digest.ts';

export interface StubAws {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  /** The key behind every key ARN. */
  privateKey: KeyObject;
  /** The one token record that there is. */
  record: IssuedRecord | undefined;
  /** The operations called since it was last emptied, e.g. `Sign`. */
  calls: string[];
  stop(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: requests of many operations, each sent by the AWS SDK
type Operation = (request: any) => object;

/** AWS as far as the functions call it, on loopback, answering at once: KMS with one P-256 key, DynamoDB, EventBridge. */
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
    UpdateItem: () => ({}),
    GetItem: ({ Key }) => (stub.record && Key.sk.S === 'RECORD' ? { Item: wireItem(toItem(stub.record)) } : {}),
    Query: () => ({ Items: [], Count: 0, ScannedCount: 0 }),
    PutEvents: ({ Entries }) => ({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: 'stub' })) }),
  };

  const server = createServer(async (request, response) => {
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

/** An item as DynamoDB's JSON has it: binary in base64. */
function wireItem(item: ReturnType<typeof toItem>): object {
  return JSON.parse(JSON.stringify(item, (_, value) => (value?.B === undefined ? value : { B: base64(value.B) })));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
