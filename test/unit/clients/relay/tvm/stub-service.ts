import { generateKeyPairSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { SignJWT } from 'jose';
import { type Heard, httpListener } from '#test/support/http-listener.ts';

const KEYS = '/.well-known/status-list-keys.json';

export const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export type Key = ReturnType<typeof newKey>;

/** The parts of a status list that differ from a valid one. */
export interface ListOf {
  header?: object;
  claims?: Record<string, unknown>;
  marked?: number[];
  signedWith?: Key;
  kid?: string;
}

/** Simulates TVM's API: `POST /token`, the status lists and their keys. Its time is that of the clock. */
export async function stubService(clock: { now(): number }) {
  let key = newKey();
  let kid = 'first';
  const answers = new Map<string, { status: number; headers?: Record<string, string>; body: string }>();
  const listener = await httpListener(({ path = '', headers }, response) => {
    const { status, headers: more = {}, body } = answers.get(path) ?? { status: 404, body: '{}' };
    if (more.etag !== undefined && headers['if-none-match'] === more.etag) {
      response.writeHead(304, more).end();
      return;
    }
    response.writeHead(status, more).end(body);
  });
  const issuer = listener.url;

  function publishKeys() {
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
    answers.set(KEYS, { status: 200, body: JSON.stringify({ keys: [jwk] }) });
  }
  publishKeys();

  async function listToken(list: number, { header, claims, marked = [], signedWith = key, kid: named = kid }: ListOf) {
    const bits = new Uint8Array(16);
    for (const index of marked) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
    const iat = Math.floor(clock.now() / 1_000);
    const status_list = { bits: 1, lst: deflateSync(bits).toString('base64url') };
    const payload = { iss: issuer, sub: `${issuer}/status-lists/${list}`, iat, exp: iat + 900, ttl: 60, status_list };
    return await new SignJWT({ ...payload, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'statuslist+jwt', kid: named, ...header })
      .sign(signedWith.privateKey);
  }

  return {
    url: issuer,
    close: listener.close,
    requests: (path: string): Heard[] => listener.heard.filter((heard) => heard.path === path),
    keyRequests: () => listener.heard.filter(({ path }) => path === KEYS).length,
    answer(path: string, status: number, body: string, headers: Record<string, string> = {}) {
      answers.set(path, { status, headers, body });
    },
    rotateKey() {
      key = newKey();
      kid = 'second';
      publishKeys();
    },
    async publish(list: number, of: ListOf = {}) {
      const body = await listToken(list, of);
      answers.set(`/status-lists/${list}`, { status: 200, headers: { etag: `"${body.slice(-43)}"` }, body });
    },
    /** Returns a token with this index in the list. Its signature is not verified. */
    token(list: number, idx: number, claims: object = {}) {
      const status = { status_list: { uri: `${issuer}/status-lists/${list}`, idx } };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const values = { token: `${part({ alg: 'ES256' })}.${part({ iss: issuer, status, ...claims })}.c2ln` };
      return { values, fetchedAt: clock.now() };
    },
  };
}
export type StubService = Awaited<ReturnType<typeof stubService>>;
