import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { createGzip, gzipSync } from 'node:zlib';
import type { TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { verifyProof } from '@tvm/core/federation/verify-proof.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { proofKeys } from '#lambdas/adapters/http/proof-keys.ts';
import { issuerKey, NOW, SERVICE, signedProof, trustEntry } from '#test/support/proofs.ts';
import { certificateAuthority } from '../../relay/support/certificates.ts';
import { tlsIssuer } from '../../relay/support/tls-issuer.ts';
import { httpListener } from '../../support/http-listener.ts';

const HOST = 'issuer.test';
const DISCOVERY = '/.well-known/openid-configuration';
const key = issuerKey('ES256');
const authority = certificateAuthority('Test CA');
const certificate = authority.issue({ names: [HOST], addresses: ['127.0.0.1'] });

const addressesOf = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
const onLoopback = async () => addressesOf('127.0.0.1');

/** How these tests reach the issuer. It is on loopback, and therefore named. */
const CONNECTION = { allow: [HOST], resolve: onLoopback, ca: authority.cert, timeout: 60_000 };

type Answer = (response: ServerResponse, path: string) => void;
const json = (response: ServerResponse, value: unknown) =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
const serveKeys: Answer = (response) => json(response, { keys: [key.jwk] });

/** An issuer on loopback, with TLS, and its entry with a JWKS URL. */
async function issuer(answer: Answer = serveKeys, options = {}) {
  const server = await tlsIssuer(
    certificate,
    ({ path = '' }, response) => {
      // Clients stop reading in the middle of a response.
      response.on('error', () => {});
      answer(response, path);
    },
    options,
  );
  onTestFinished(() => server.close());
  const url = `https://${HOST}:${server.port}`;
  return { ...server, url, entry: entryOf(url, `${url}/jwks`) };
}

const entryOf = (issuer: string, jwksUrl?: string): TrustEntry =>
  trustEntry(
    `idp: { oidc: { issuer: "${issuer}"${jwksUrl === undefined ? '' : `, keys: { jwks_url: "${jwksUrl}" }`} } }`,
  ).entry;

/** An issuer with discovery. */
async function discovered(change: (metadata: { issuer: string; jwks_uri: string }) => object = (same) => same) {
  const at = { url: '' };
  const server = await issuer((response, path) =>
    path.endsWith(DISCOVERY)
      ? json(response, change({ issuer: at.url, jwks_uri: `${at.url}/keys` }))
      : serveKeys(response, path),
  );
  at.url = server.url;
  return { ...server, entry: entryOf(server.url) };
}

async function failure(entry: TrustEntry, options: object = {}): Promise<string> {
  const error = await proofKeys({ ...CONNECTION, ...options })
    .keysOf(entry, 'key-1')
    .then(
      () => expect.unreachable('keys were returned'),
      (error: unknown) => error,
    );
  if (!(error instanceof DependencyFault)) throw error;
  return String(error.cause);
}

describe('keys of an issuer', () => {
  it('come from its JWKS URL, without compression and credentials', async () => {
    const { entry, got } = await issuer();
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
    expect(got).toMatchObject([{ method: 'GET', path: '/jwks', headers: { 'accept-encoding': 'identity' } }]);
    const headers = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
    expect(Object.keys(got[0]?.headers ?? {}).sort()).toEqual(headers);
  });

  it('come from the jwks_uri of its discovery document', async () => {
    const { entry, got } = await discovered();
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
    expect(got.map(({ path }) => path)).toEqual([DISCOVERY, '/keys']);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/jwk-set+json',
    'Application/JSON',
  ])('may have the type %s', async (type) => {
    const { entry } = await issuer((response) =>
      response.setHeader('content-type', type).end(JSON.stringify({ keys: [key.jwk] })),
    );
    expect(await proofKeys(CONNECTION).keysOf(entry, undefined)).toEqual([key.jwk]);
  });

  it('leave out weak, symmetric and private ones', async () => {
    const weak = issuerKey('RS256', 'weak', 1024).jwk;
    const symmetric = { kty: 'oct', kid: 'symmetric', k: 'c2VjcmV0' };
    const secret = { ...issuerKey('EdDSA').privateKey.export({ format: 'jwk' }), kid: 'private' };
    const { entry } = await issuer((response) => json(response, { keys: [weak, symmetric, key.jwk, secret, 'text'] }));
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
  });

  it('are fetched once for entries with the same source, and separately for others', async () => {
    const { entry, url, got } = await issuer();
    const keys = proofKeys(CONNECTION);
    await Promise.all([entry, { ...entry, audience: 'other' }].map((each) => keys.keysOf(each, 'key-1')));
    await keys.keysOf(entryOf(url, `${url}/other`), 'key-1');
    expect(got.map(({ path }) => path).sort()).toEqual(['/jwks', '/other']);
  });

  it('are those of the file if the entry has one, without a request', async () => {
    const { entry, got } = await issuer();
    const inFile = { ...entry, keys: { from: 'file' as const, file: 'idp.jwks.json', keys: [key.jwk] } };
    expect(await proofKeys(CONNECTION).keysOf(inFile, 'unknown')).toEqual([key.jwk]);
    expect(got).toEqual([]);
  });
});

describe('the verification of proofs', () => {
  const claims = (iss: string) => ({ iss, sub: 'user-1', aud: SERVICE, exp: NOW + 300, iat: NOW - 1 });
  const verify = (entry: TrustEntry, own: typeof key, kid: string, keys: ReturnType<typeof proofKeys>) =>
    verifyProof(
      signedProof({ alg: 'ES256', kid }, claims(entry.issuer), own),
      { name: 'idp', entry, service: SERVICE, now: NOW * 1000 },
      keys,
    );

  it('fetches once for a hundred simultaneous first proofs', async () => {
    const { entry, got } = await discovered();
    const keys = proofKeys(CONNECTION);
    const all = await Promise.all(Array.from({ length: 100 }, () => verify(entry, key, 'key-1', keys)));
    expect(all.filter(({ ok }) => !ok)).toEqual([]);
    expect(got).toHaveLength(2);
  });

  it('fetches once for a flood of unknown kids, and refuses their proofs', async () => {
    const { entry, got } = await issuer();
    const keys = proofKeys(CONNECTION);
    const all = await Promise.all(Array.from({ length: 100 }, (_, one) => verify(entry, key, `unknown-${one}`, keys)));
    expect(all.map((each) => !each.ok && each.failed.claim)).toEqual(Array(100).fill('kid'));
    expect(got).toHaveLength(1);
  });

  it('tries each of two keys with the same kid', async () => {
    const other = issuerKey('ES256');
    const { entry } = await issuer((response) => json(response, { keys: [key.jwk, other.jwk] }));
    const keys = proofKeys(CONNECTION);
    expect([await verify(entry, key, 'key-1', keys), await verify(entry, other, 'key-1', keys)]).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
  });

  it('goes on with the last keys while the issuer is away, then fails as a dependency, and recovers', async () => {
    let isAway = false;
    const { entry } = await issuer((response, path) => (isAway ? response.destroy() : serveKeys(response, path)));
    const clock = { time: NOW * 1000, now: () => clock.time };
    const keys = proofKeys(CONNECTION, clock);
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
    isAway = true;
    clock.time += 86_399_000;
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
    clock.time += 1_000;
    await expect(verify(entry, key, 'key-1', keys)).rejects.toThrow(DependencyFault);
    isAway = false;
    clock.time += 30_000;
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
  });
});

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
    ['that is no JSON', (response) => response.setHeader('content-type', 'application/json').end('{'), /well-formed/],
    [
      'that is no UTF-8',
      (response) => response.setHeader('content-type', 'application/json').end(Buffer.from([0x22, 0xff, 0x22])),
      /not valid/,
    ],
    ['that is no key set', (response) => json(response, [key.jwk]), /JSON Web Key Set/],
    ['with 101 keys', (response) => json(response, { keys: Array(101).fill(key.jwk) }), /at most 100 keys/],
    [
      'with a member twice',
      (response) => response.setHeader('content-type', 'application/json').end(`{"keys":[],${valid.slice(1)}`),
      /only once/,
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

describe('a discovery document is refused', () => {
  it.each<[string, Parameters<typeof discovered>[0], RegExp]>([
    ['of another issuer', (same) => ({ ...same, issuer: 'https://other.test' }), /not of this issuer/],
    ['whose issuer has one more slash', (same) => ({ ...same, issuer: `${same.issuer}/` }), /not of this issuer/],
    ['without an issuer', ({ jwks_uri }) => ({ jwks_uri }), /not of this issuer/],
    ['without a jwks_uri', ({ issuer }) => ({ issuer }), /names no jwks_uri/],
    ['with keys in plain http', (same) => ({ ...same, jwks_uri: 'http://keys.test/' }), /must be an https URL/],
    ['with keys in a file', (same) => ({ ...same, jwks_uri: 'file:///etc/passwd' }), /must be an https URL/],
    ['with keys at no URL', (same) => ({ ...same, jwks_uri: 'keys' }), /not a URL/],
    ['with a user in the URL of the keys', (same) => ({ ...same, jwks_uri: 'https://a:b@issuer.test/' }), /not a URL/],
    ['with keys at a metadata server', (same) => ({ ...same, jwks_uri: 'https://169.254.169.254/' }), /not public/],
    ['with keys at another name on loopback', (same) => ({ ...same, jwks_uri: 'https://other.test/' }), /not public/],
  ])('%s', async (_, change, problem) => {
    const { entry, got } = await discovered(change);
    expect(await failure(entry)).toMatch(problem);
    expect(got.map(({ path }) => path)).toEqual([DISCOVERY]);
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
