import { createGzip, gzipSync } from 'node:zlib';
import type { TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { proofKeys } from '#lambdas/adapters/http/proof-keys.ts';
import {
  type Answer,
  addressesOf,
  authority,
  CONNECTION,
  entryOf,
  failure,
  HOST,
  issuer,
  json,
  key,
  serveKeys,
} from '#test/support/key-issuer.ts';
import { certificateAuthority } from '../../relay/support/certificates.ts';
import { httpListener } from '../../support/http-listener.ts';

// Through the keys of issuers, which are fetched with it.

describe('a response is refused', () => {
  const valid = JSON.stringify({ keys: [key.jwk] });
  const answers: [string, Answer, RegExp][] = [
    [
      'with status 404',
      (response) => response.writeHead(404, { 'content-type': 'application/json' }).end(valid),
      /404/,
    ],
    ['with status 204', (response) => response.writeHead(204).end(), /status 204/],
    [
      'of 10 MB',
      (response) => json(response, { keys: [key.jwk], padding: 'x'.repeat(10_000_000) }),
      /more than 262144 bytes/,
    ],
    [
      'without an end',
      (response) => {
        response.setHeader('content-type', 'application/json');
        const more = () => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      },
      /more than 262144 bytes/,
    ],
    [
      'that is a gzip bomb',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        const zip = createGzip();
        zip.pipe(response);
        zip.end(Buffer.alloc(50_000_000, ' '));
      },
      /compressed its response/,
    ],
    [
      'with a small compressed body',
      (response) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(gzipSync(valid)),
      /compressed its response/,
    ],
    ['of type text/html', (response) => response.setHeader('content-type', 'text/html').end(valid), /type than JSON/],
    [
      'of type application/jsonp',
      (response) => response.setHeader('content-type', 'application/jsonp').end(valid),
      /type than JSON/,
    ],
    ['without a type', (response) => response.end(valid), /type than JSON/],
    [
      'that is no UTF-8',
      (response) => response.setHeader('content-type', 'application/json').end(Buffer.from([0x22, 0xff, 0x22])),
      /not valid/,
    ],
    [
      'that stops in the middle',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
        response.write(valid, () => response.destroy());
      },
      /aborted|ECONNRESET/,
    ],
    ['that never begins', (response) => response.destroy(), /socket hang up|closed the connection/],
    [
      'that changes the protocol',
      (response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'websocket' }).end(),
      /status 101|closed the connection|socket hang up|protocol/i,
    ],
  ];

  it.each(answers)('%s', async (_, answer, problem) => {
    const { entry, got } = await issuer(answer);
    expect(await failure(entry)).toMatch(problem);
    expect(got).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])('with a redirect (%i), which is not followed', async (status) => {
    const elsewhere = await issuer();
    const { entry } = await issuer((response) => response.writeHead(status, { location: elsewhere.url }).end());
    expect(await failure(entry)).toMatch(`status ${status}`);
    expect(elsewhere.got).toEqual([]);
  });

  it.each<[string, Answer]>([
    ['hangs before the headers', () => {}],
    [
      'hangs after the headers',
      (response) => response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
    ],
    [
      'sends one byte after the other',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('in time if it %s', async (_, answer) => {
    const { entry } = await issuer(answer);
    expect(await failure(entry, { timeout: 300 })).toMatch(/abort|timeout/i);
  });

  it('in time if the name is never resolved', async () => {
    const { entry, got } = await issuer();
    expect(await failure(entry, { timeout: 300, resolve: () => new Promise(() => {}) })).toMatch(/abort|timeout/i);
    expect(got).toEqual([]);
  });
});

describe('an address that is not public', () => {
  const NAMED_NOWHERE = { allow: [] };

  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    '169.254.170.23',
    '10.0.0.1',
    '100.64.0.1',
    '192.168.1.1',
    '224.0.0.1',
    'fd00:ec2::254',
    'fe80::1%1',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::',
  ])('is not contacted if a name resolves to %s', async (address) => {
    const { entry, got } = await issuer();
    expect(await failure(entry, { ...NAMED_NOWHERE, resolve: async () => addressesOf(address) })).toMatch(/not public/);
    expect(got).toEqual([]);
  });

  it.each([
    ['first', ['127.0.0.1', '1.1.1.1']],
    ['last', ['1.1.1.1', '127.0.0.1']],
  ])('is not contacted if a name resolves to it %s of several', async (_, addresses) => {
    const { entry, got } = await issuer();
    const resolve = async () => addressesOf(...addresses);
    expect(await failure(entry, { ...NAMED_NOWHERE, resolve })).toMatch(/not public/);
    expect(got).toEqual([]);
  });

  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
  ])('is not contacted under the name %s, as the system resolves it', async (name) => {
    const { port, got } = await issuer();
    const entry = entryOf('https://idp.example', `https://${name}:${port}/jwks`);
    expect(await failure(entry, { ...NAMED_NOWHERE, resolve: undefined })).toMatch(/not public|ENOTFOUND|EAI_AGAIN/);
    expect(got).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '0177.0.0.1',
    '2130706433',
    '0x7f000001',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::127.0.0.1]',
    '169.254.169.254',
    '[fd00:ec2::254]',
  ])('is not contacted if a URL has it as %s', async (host) => {
    const { port, got } = await issuer();
    const entry = entryOf('https://idp.example', `https://${host}:${port}/jwks`);
    const resolve = () => expect.unreachable('a number was resolved');
    expect(await failure(entry, { ...NAMED_NOWHERE, resolve })).toMatch(/not public/);
    expect(got).toEqual([]);
  });

  it('is contacted if its host is named', async () => {
    const { port } = await issuer();
    const entry = entryOf('https://idp.example', `https://127.0.0.1:${port}/jwks`);
    expect(await proofKeys({ ...CONNECTION, allow: ['127.0.0.1'] }).keysOf(entry, 'key-1')).toEqual([key.jwk]);
  });

  it.each([
    false,
    true,
  ])('is not contacted after a name was checked with another address (several: %s)', async (several) => {
    const [first, second] = [await httpListener((_, response) => json(response, { keys: [] })), await issuer()];
    onTestFinished(() => first.close());
    const { port } = new URL(first.url);
    // Only loopback is permitted over http. The second answer would lead elsewhere.
    const answers = [['127.0.0.1', ...(several ? ['127.0.0.1'] : [])], ['169.254.169.254']];
    const resolved: string[] = [];
    const resolve = async (name: string) => {
      resolved.push(name);
      return addressesOf(...(answers[resolved.length - 1] ?? []));
    };
    const entry: TrustEntry = { ...second.entry, keys: { from: 'url', url: `http://${HOST}:${port}/jwks` } };
    expect(await proofKeys({ ...CONNECTION, resolve }).keysOf(entry, undefined)).toEqual([]);
    expect([resolved, first.heard.length]).toEqual([[HOST], 1]);
    expect(first.heard[0]?.headers.host).toBe(`${HOST}:${port}`);
  });
});

describe('plain http', () => {
  it('needs a named host', async () => {
    const plain = await httpListener((_, response) => serveKeys(response, ''));
    onTestFinished(() => plain.close());
    const entry = entryOf(plain.url, `${plain.url}/jwks`);
    expect(await failure(entry)).toMatch(/must be an https URL/);
    expect(plain.heard).toEqual([]);
    expect(await proofKeys({ allow: ['127.0.0.1'] }).keysOf(entry, 'key-1')).toEqual([key.jwk]);
  });

  it('needs a loopback address', async () => {
    const { entry } = await issuer();
    const inPlain: TrustEntry = { ...entry, keys: { from: 'url', url: `http://${HOST}/jwks` } };
    for (const address of ['10.0.0.1', '1.1.1.1']) {
      expect(await failure(inPlain, { resolve: async () => addressesOf(address) })).toMatch(/not public/);
    }
  });
});

describe('a server is not trusted', () => {
  it('with a certificate of an unknown authority', async () => {
    const { entry, got } = await issuer();
    expect(await failure(entry, { ca: certificateAuthority('Other CA').cert })).toMatch(/certificate|signature/);
    expect(got).toEqual([]);
  });

  it('with a certificate for another name', async () => {
    const { port, got } = await issuer();
    const entry = entryOf('https://other.test', `https://other.test:${port}/jwks`);
    expect(await failure(entry, { allow: ['other.test'] })).toMatch(/altnames/);
    expect(got).toEqual([]);
  });

  it('with an expired certificate', async () => {
    const { entry, got } = await issuer(serveKeys, authority.issue({ names: [HOST], expiresAt: Date.now() - 1_000 }));
    expect(await failure(entry)).toMatch(/expired/);
    expect(got).toEqual([]);
  });
});
