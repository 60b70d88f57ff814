import { generateKeyPairSync } from 'node:crypto';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { secretReader } from 'tokenrelay/config/secrets.ts';
import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import { oauth2ClientCredentials } from 'tokenrelay/sources/oauth2-client-credentials.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { type Heard, httpListener } from '../support/http-listener.ts';
import { type OAuthIssuer, oauthIssuer, RESOURCE } from './support/oauth-issuer.ts';
import { type StoppedClock, sourceTools, stoppedClock } from './support/source-tools.ts';

// Contains every character with a special meaning in a form or a header.
const SECRET = 's3cret: +%&=/"~';
const CLIENT = 'a client:1';
const NOW = 1_800_000_000_000;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const env = {
  SECRET,
  EC_KEY: ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  RSA_KEY: JSON.stringify({ ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS256', kid: 'rsa-1' }),
};
type Settings = z.input<typeof oauth2ClientCredentials.settings>;

const never = new AbortController().signal;
const sources: Source[] = [];
let clock: StoppedClock;
beforeEach(() => {
  clock = stoppedClock();
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close?.();
});

function sourceOf(settings: Settings): Source {
  const tools = { ...sourceTools(clock), secret: secretReader(env, { current: () => undefined }) };
  const source = oauth2ClientCredentials.create(oauth2ClientCredentials.settings.parse(settings), tools);
  sources.push(source);
  return source;
}

async function failure(settings: Settings, signal = never): Promise<SourceFailure> {
  const error: unknown = await sourceOf(settings)
    .fetch(undefined, signal)
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceFailure);
  expect(`${error} ${(error as Error).cause}`).not.toMatch(/s3cret|t0ken/);
  return error as SourceFailure;
}

describe('an access token of node-oidc-provider', () => {
  let real: OAuthIssuer;
  beforeAll(async () => {
    const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    const key = (publicKey: typeof ec.publicKey, more = {}) => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), ...more }],
    });
    real = await oauthIssuer(signing, [
      { client_id: 'post', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
      { client_id: CLIENT, client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
      { client_id: 'ec', jwks: key(ec.publicKey), token_endpoint_auth_method: 'private_key_jwt' },
      { client_id: 'rsa', jwks: key(rsa.publicKey, { kid: 'rsa-1' }), token_endpoint_auth_method: 'private_key_jwt' },
    ]);
  });
  afterAll(() => real.close());
  const client_secret = { env: 'SECRET' };

  it.each<[string, Omit<Settings, 'endpoint'>]>([
    ['a secret in the body', { client_id: 'post', client_secret }],
    ['a secret in a header', { client_id: CLIENT, client_secret, authentication: 'client_secret_basic' }],
    ['a JWT signed with a key in PEM', { client_id: 'ec', private_key: { env: 'EC_KEY' } }],
    ['a JWT signed with a JWK', { client_id: 'rsa', private_key: { env: 'RSA_KEY' }, key_id: 'rsa-1' }],
  ])('is issued for %s, with the requested scope and resource', async (_, settings) => {
    const source = sourceOf({ ...settings, endpoint: real.endpoint, scope: 'orders:read', resource: RESOURCE });
    const token = await source.fetch(undefined, never);
    const keys = createRemoteJWKSet(new URL(`${real.issuer}/jwks`));
    const { payload } = await jwtVerify(token.values.token ?? '', keys, { issuer: real.issuer, audience: RESOURCE });
    expect(payload).toMatchObject({ client_id: settings.client_id, scope: 'orders:read' });
    expect(token).toEqual({ values: token.values, fetchedAt: clock.now(), expiresAt: clock.now() + 900_000 });
    // Each assertion is for one use, so the next fetch needs another.
    await expect(source.fetch(token, never)).resolves.toMatchObject({ fetchedAt: clock.now() });
  });

  it('may be requested with the issuer as the audience of the JWT', async () => {
    const settings = { endpoint: real.endpoint, client_id: 'ec', private_key: { env: 'EC_KEY' } };
    await expect(
      sourceOf({ ...settings, assertion_audience: real.issuer }).fetch(undefined, never),
    ).resolves.toBeDefined();
    expect((await failure({ ...settings, assertion_audience: 'https://other.example' })).message).toContain(
      'answered 401',
    );
  });

  it('is not issued to an unauthenticated client, and the error has the issuer’s code', async () => {
    const host = new URL(real.endpoint).host;
    const wrong = { endpoint: real.endpoint, client_id: 'post', client_secret: { env: 'EC_KEY' } };
    expect((await failure(wrong)).message).toBe(`${host} answered 401 (invalid_client)`);
    const elsewhere = { ...wrong, client_secret, resource: 'no URL' };
    expect((await failure(elsewhere)).message).toBe(`${host} answered 400 (invalid_target)`);
  });
});

describe('an issuer', () => {
  let answer: { status?: number; headers?: Record<string, string>; body?: unknown; hang?: true };
  let listener: Awaited<ReturnType<typeof httpListener>>;
  let settings: Settings;
  let whenHeard: () => void;
  beforeAll(async () => {
    listener = await httpListener((_, response) => {
      whenHeard();
      const { status = 200, headers = { 'content-type': 'application/json' }, body = '', hang } = answer;
      if (!hang) response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  beforeEach(() => {
    clock = stoppedClock(NOW);
    listener.heard.length = 0;
    whenHeard = () => {};
    settings = { endpoint: `${listener.url}/token`, client_id: CLIENT, client_secret: { env: 'SECRET' } };
  });
  afterAll(() => listener.close());
  const issued = async (body: object) => {
    answer = { body: { access_token: 't0ken', token_type: 'Bearer', ...body } };
    return await sourceOf(settings).fetch(undefined, never);
  };
  const refused = async (body: object) => {
    answer = { body: { access_token: 't0ken', token_type: 'Bearer', ...body } };
    return (await failure(settings)).message.replace(new URL(listener.url).host, 'it');
  };
  const form = ({ body }: Heard) => [...new URLSearchParams(body)];

  it('gets a request according to RFC 6749, with the additional configured parameters', async () => {
    answer = { body: { access_token: 't0ken', token_type: 'bearer', expires_in: 60 } };
    const more = {
      audience: 'aud',
      resource: ['https://a.example', 'https://b.example'],
      parameters: { tenant: 'x y' },
    };
    await sourceOf({ ...settings, scope: 'a b', ...more }).fetch(undefined, never);
    const [heard] = listener.heard as [Heard];
    expect(heard).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    });
    expect(form(heard)).toEqual([
      ['tenant', 'x y'],
      ['grant_type', 'client_credentials'],
      ['client_id', CLIENT],
      ['client_secret', SECRET],
      ['scope', 'a b'],
      ['audience', 'aud'],
      ['resource', 'https://a.example'],
      ['resource', 'https://b.example'],
    ]);
  });

  it('gets the encoded ID and secret in a header, so that a colon in them is unambiguous, and neither in the body', async () => {
    answer = { body: { access_token: 't0ken', token_type: 'bearer' } };
    await sourceOf({ ...settings, authentication: 'client_secret_basic' }).fetch(undefined, never);
    const [heard] = listener.heard as [Heard];
    const basic = Buffer.from(heard.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    const [id = '', secret = ''] = basic.split(':').map((part) => new URLSearchParams(`x=${part}`).get('x') ?? '');
    expect([id, secret]).toEqual([CLIENT, SECRET]);
    expect(form(heard)).toEqual([['grant_type', 'client_credentials']]);
  });

  it('gets a JWT for this issuer only, for a minute and for one use', async () => {
    answer = { body: { access_token: 't0ken', token_type: 'bearer' } };
    const { client_secret: _, ...rest } = settings;
    const source = sourceOf({ ...rest, private_key: { env: 'EC_KEY' }, key_id: 'key-1' });
    await source.fetch(undefined, never);
    await source.fetch(undefined, never);
    const assertions = listener.heard.map(({ body }) => new URLSearchParams(body).get('client_assertion') ?? '');
    const [first = '', second = ''] = assertions;
    expect(decodeProtectedHeader(first)).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'key-1' });
    const { jti, ...claims } = decodeJwt(first);
    const [iat, exp] = [NOW / 1_000, NOW / 1_000 + 60];
    expect(claims).toEqual({ iss: CLIENT, sub: CLIENT, aud: settings.endpoint, iat, exp });
    expect(jti).toMatch(/^[\w-]{20,}$/);
    expect(decodeJwt(second).jti).not.toBe(jti);
  });

  it('determines the lifetime of its token: from the time of the request, or from the JWT itself', async () => {
    whenHeard = () => clock.pass(2_000);
    expect(await issued({ expires_in: 5 })).toMatchObject({ fetchedAt: NOW, expiresAt: NOW + 5_000 });
    clock = stoppedClock(NOW);
    expect(await issued({ expires_in: '3599' })).toMatchObject({ expiresAt: NOW + 3_599_000 });
    whenHeard = () => {};
    clock = stoppedClock(NOW);
    const jwt = `e30.${Buffer.from(JSON.stringify({ exp: NOW / 1_000 + 60 })).toString('base64url')}.c2ln`;
    expect(await issued({ access_token: jwt })).toMatchObject({ expiresAt: NOW + 60_000 });
    expect(await issued({ access_token: jwt, expires_in: 30 })).toMatchObject({ expiresAt: NOW + 30_000 });
    expect(await issued({ expires_in: null })).not.toHaveProperty('expiresAt');
  });

  it.each([
    'Bearer',
    'bearer',
    'BEARER',
    'Bearer ',
    'BearerToken',
    'bearertoken',
    null,
    undefined,
  ])('may name a bearer token %j', async (token_type) => {
    expect(await issued({ token_type })).toMatchObject({ values: { token: 't0ken' } });
  });

  it('may use another type if the configuration accepts it', async () => {
    settings = { ...settings, token_types: ['JWT', 'urn:ietf:params:oauth:token-type:access_token'] };
    for (const token_type of ['JWT', 'jwt', 'urn:ietf:params:oauth:token-type:access_token', 'Bearer']) {
      expect(await issued({ token_type })).toMatchObject({ values: { token: 't0ken' } });
    }
    expect(await refused({ token_type: 'DPoP' })).toBe('it returned a token whose type is not Bearer');
  });

  it('may begin its response with a byte order mark', async () => {
    answer = { body: '\ufeff{"access_token":"t0ken","token_type":"Bearer","expires_in":60}' };
    expect(await sourceOf(settings).fetch(undefined, never)).toMatchObject({ expiresAt: NOW + 60_000 });
  });

  it('cannot return an expired token', async () => {
    const expired = 'it returned a token that has already expired';
    expect(await refused({ expires_in: 0 })).toBe(expired);
    expect(await refused({ expires_in: -5 })).toBe(expired);
    const jwt = `e30.${Buffer.from('{"exp":1600000000}').toString('base64url')}.c2ln`;
    expect(await refused({ access_token: jwt })).toBe(expired);
    // The response took longer than the token's lifetime.
    whenHeard = () => clock.pass(5_000);
    expect(await refused({ expires_in: 5 })).toBe(expired);
  });

  it.each([
    [{ access_token: undefined }, 'it returned no access_token'],
    [{ access_token: '' }, 'it returned no access_token'],
    [{ access_token: { t: 't0ken' } }, 'it returned no access_token'],
    [{ access_token: 't0ken\nA=B' }, 'the access_token from it is not one line of printable ASCII'],
    [{ token_type: 'DPoP' }, 'it returned a token whose type is not Bearer'],
    [{ token_type: 5 }, 'it returned a token whose type is not Bearer'],
    [
      { token_type: 'JWT' },
      'it returned a token whose type is not Bearer: if it is used like a bearer token, list its token_type in the setting token_types',
    ],
    [{ expires_in: 'soon' }, 'it returned an expires_in that is not a number of seconds'],
  ])('that returns %j causes an error', async (body, sentence) => {
    expect(await refused(body)).toBe(sentence);
  });

  it('that returns 200 with HTML causes an error', async () => {
    answer = { headers: { 'content-type': 'text/html' }, body: '<html>t0ken</html>' };
    expect((await failure(settings)).message).toContain('answered 200 with text/html, not a JSON object');
  });

  it('that redirects is not followed with the secret', async () => {
    answer = { status: 307, headers: { location: `${listener.url}/other` } };
    expect((await failure(settings)).message).toContain('answered 307');
    expect(listener.heard).toHaveLength(1);
  });

  it('that sends Retry-After, in seconds, gets no request until then', async () => {
    answer = { status: 429, headers: { 'retry-after': '17' }, body: { error: 'slow_down', error_description: SECRET } };
    const { message, retryAfter } = await failure(settings);
    expect(message).toContain('answered 429 (slow_down)');
    expect(retryAfter).toBe(17_000);
  });

  it('that hangs causes a timeout, or a cancellation when the agent stops', async () => {
    answer = { hang: true };
    expect((await failure({ ...settings, timeout_seconds: 0.1 })).message).toContain(
      'no complete response within 0.1 seconds',
    );
    const stop = new AbortController();
    whenHeard = () => stop.abort();
    expect((await failure(settings, stop.signal)).message).toContain('was cancelled');
  });

  it('gets no request if the secret is missing', async () => {
    const { message } = await failure({ ...settings, client_secret: { env: 'ABSENT' } });
    expect(message).toContain('ABSENT');
    const { client_secret: _, ...rest } = settings;
    expect((await failure({ ...rest, private_key: { env: 'SECRET' } })).message).toContain(
      'the private key must be PEM',
    );
    expect(listener.heard).toEqual([]);
  });
});
