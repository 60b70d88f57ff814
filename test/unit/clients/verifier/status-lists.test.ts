import { deflateSync } from 'node:zlib';
import { StatusListFailure } from '@tvm/verifier/status-list-failure.ts';
import { statusLists, type Transport } from '@tvm/verifier/status-lists.ts';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ISSUER = 'https://tvm.example/v1';
const URI = `${ISSUER}/status-lists/1`;
const START = Date.UTC(2026, 0, 1);

let signer: Awaited<ReturnType<typeof generateKeyPair>>;
let now: number;
let requests: { url: string; headers?: Record<string, string> }[];
let answer: Awaited<ReturnType<Transport['get']>>;
let publishedKid: string;

beforeAll(async () => {
  signer = await generateKeyPair('ES256');
});
beforeEach(async () => {
  now = START;
  requests = [];
  publishedKid = 'first';
  answer = { status: 200, headers: { etag: '"1"' }, body: await listToken([9]) };
});

async function listToken(marked: number[], { typ = 'statuslist+jwt', kid = 'first' } = {}): Promise<string> {
  const bits = new Uint8Array(2);
  for (const index of marked) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  const iat = Math.floor(now / 1_000);
  const status_list = { bits: 1, lst: deflateSync(bits).toString('base64url') };
  return await new SignJWT({ iss: ISSUER, sub: URI, iat, exp: iat + 900, ttl: 60, status_list })
    .setProtectedHeader({ alg: 'ES256', typ, kid })
    .sign(signer.privateKey);
}

const transport: Transport = {
  async json(url) {
    requests.push({ url });
    return { keys: [{ ...(await exportJWK(signer.publicKey)), kid: publishedKid, alg: 'ES256', use: 'sig' }] };
  },
  async get(url, headers) {
    requests.push({ url, headers });
    return answer;
  },
};
const reader = (by = transport) => statusLists(ISSUER, by, { now: () => now, elapsed: () => now });
const place = (index: number, uri = URI) => ({ issuer: ISSUER, uri, index });

describe('a reader of status lists', () => {
  it('fetches a list and its keys once within the TTL, with the given transport', async () => {
    const lists = reader();
    expect(await Promise.all([9, 8].map((index) => lists.check(place(index))))).toEqual([
      { revoked: true, askAgainIn: 60_000 },
      { revoked: false, askAgainIn: 60_000 },
    ]);
    expect(requests).toEqual([
      { url: URI, headers: { accept: 'application/statuslist+jwt' } },
      { url: `${ISSUER}/.well-known/status-list-keys.json` },
    ]);
    now += 60_000;
    answer = { status: 304, headers: {}, body: '' };
    expect(await lists.check(place(9))).toEqual({ revoked: true, askAgainIn: 60_000 });
    expect(requests.at(-1)?.headers).toMatchObject({ 'if-none-match': '"1"' });
  });

  it('fetches the keys again when an unknown key signs', async () => {
    const lists = reader();
    await lists.check(place(9));
    publishedKid = 'second';
    now += 60_000;
    answer = { status: 200, headers: {}, body: await listToken([8], { kid: 'second' }) };
    expect(await lists.check(place(8))).toMatchObject({ revoked: true });
    expect(requests.filter(({ url }) => url.endsWith('keys.json'))).toHaveLength(2);
  });

  it.each([
    [
      'a token of another type',
      async () => ({ status: 200, headers: {}, body: await listToken([], { typ: 'at+jwt' }) }),
    ],
    [
      'a key that is not published',
      async () => ({ status: 200, headers: {}, body: await listToken([], { kid: 'x' }) }),
    ],
    ['a response that is not a status list', async () => ({ status: 200, headers: {}, body: '<html>' })],
    ['status 304 without a cached list', async () => ({ status: 304, headers: {}, body: '' })],
  ])('refuses %s', async (_case, given) => {
    answer = await given();
    await expect(reader().check(place(9))).rejects.toThrow(StatusListFailure);
  });

  it('sends no request for a list of another issuer', async () => {
    await expect(reader().check(place(9, 'https://other.example/status-lists/1'))).rejects.toThrow('of another issuer');
    await expect(reader().check(place(9, `${ISSUER}/status-lists/../token`))).rejects.toThrow('of another issuer');
    expect(requests).toEqual([]);
  });

  it('returns the Retry-After of an error response, and passes on errors of the transport', async () => {
    answer = { status: 503, headers: { 'retry-after': '7' }, body: '' };
    await expect(reader().check(place(9))).rejects.toMatchObject({
      retryAfter: '7',
      message: `${URI} responded with status 503`,
    });
    const away = new TypeError('away');
    await expect(reader({ ...transport, get: () => Promise.reject(away) }).check(place(9))).rejects.toBe(away);
  });
});
