import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { tvm } from 'tokenrelay/sources/tvm.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type StoppedClock, sourceTools, stoppedClock } from '#test/relay/support/source-tools.ts';
import { type StubService, stubService } from '../tvm/stub-service.ts';

const START = Date.UTC(2026, 10, 22, 12);
const readOrders = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };
const vended = {
  access_token: 'eyJ.a.token',
  token_type: 'Bearer',
  expires_in: 600,
  authorization_details: [readOrders],
  token_id: '35445779-b11b-466e-9611-a4ba0a6b9a7d',
};
const { signal } = new AbortController();
let clock: StoppedClock;
let service: StubService;
const ends: (() => Promise<void> | undefined)[] = [];

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a secret access key');
  vi.stubEnv('AWS_SESSION_TOKEN', 'a-session-token');
  clock = stoppedClock(START);
  service = await stubService(clock);
  service.answer('/token', 200, JSON.stringify(vended));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await service.close();
  vi.unstubAllEnvs();
});

function sourceOf(asked: object = {}) {
  const usual = { endpoint: service.url, region: 'eu-central-1', scope: 'role:reader' };
  const source = tvm.create(tvm.settings.parse({ ...usual, ...asked }), sourceTools(clock));
  ends.push(() => source.close?.());
  return source;
}

async function failureOf(asked: object = {}): Promise<SourceFailure> {
  const failure = await sourceOf(asked)
    .fetch(undefined, signal)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SourceFailure);
  return failure as SourceFailure;
}

describe('a token from TVM', () => {
  it('is requested as configured and signed, and has the expiry from TVM', async () => {
    const asked = {
      scope: undefined,
      authorization_details: [readOrders],
      audience: 'orders-db',
      expires_in: 600,
      reason: 'nightly report',
      task: 'nightly-7',
      grant: 'partial',
    };
    expect(await sourceOf(asked).fetch(undefined, signal)).toEqual({
      values: { token: vended.access_token },
      fetchedAt: START,
      expiresAt: START + 600_000,
    });
    const [{ method, headers, body } = {}] = service.requests('/token');
    const { scope: _, ...sent } = asked;
    expect([method, JSON.parse(body ?? '')]).toEqual(['POST', { grant_type: 'client_credentials', ...sent }]);
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request, /,
    );
    expect(headers?.['x-amz-security-token']).toBe('a-session-token');
  });

  it('is requested without the settings of the connection', async () => {
    const connection = {
      proxy: 'http://127.0.0.1:9',
      proxy_user: 'u',
      proxy_password: { env: 'P' },
      timeout_seconds: 5,
    };
    await sourceOf(connection).fetch(undefined, signal);
    expect(service.requests('/token')[0]?.body).not.toMatch(/proxy|timeout/);
  });

  it('counts its lifetime from before the request', async () => {
    const source = sourceOf();
    const fetching = source.fetch(undefined, signal);
    // The response is in transit.
    await vi.waitFor(() => expect(service.requests('/token')).toHaveLength(1));
    clock.pass(5_000);
    expect(await fetching).toMatchObject({ fetchedAt: START, expiresAt: START + 600_000 });
  });

  it.each([
    ['HTML', '<html>sign in</html>'],
    ['no token', JSON.stringify({ ...vended, access_token: '' })],
    ['another kind of token', JSON.stringify({ ...vended, token_type: 'DPoP' })],
    ['no lifetime', JSON.stringify({ ...vended, expires_in: undefined })],
  ])('is not read from a response with %s, which is not quoted', async (_what, body) => {
    service.answer('/token', 200, body);
    expect((await failureOf()).message).toMatch(
      /^127\.0\.0\.1:\d+ answered 200, but the body is not a token response; is the endpoint right\?$/,
    );
  });

  it('is requested at the endpoint’s path, with or without a trailing slash', async () => {
    service.answer('/v1/token', 200, JSON.stringify(vended));
    await sourceOf({ endpoint: `${service.url}/v1/` }).fetch(undefined, signal);
    await sourceOf({ endpoint: `${service.url}/v1` }).fetch(undefined, signal);
    expect(service.requests('/v1/token')).toHaveLength(2);
  });

  it('is not awaited after the fetch was aborted, even if a profile’s command hangs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relay-tvm-'));
    const [hangs, config] = [join(folder, 'hangs'), join(folder, 'config')];
    const command = `sh -c "touch ${hangs}; while [ -e ${hangs} ]; do sleep 0.05; done"`;
    writeFileSync(config, `[profile slow]\ncredential_process = ${command}\n`);
    vi.stubEnv('AWS_CONFIG_FILE', config);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    const given = new AbortController();
    const fetching = sourceOf({ profile: 'slow' }).fetch(undefined, given.signal);
    try {
      await vi.waitFor(() => expect(existsSync(hangs)).toBe(true));
      given.abort();
      await expect(fetching).rejects.toThrow(new SourceFailure('the fetch was cancelled'));
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(service.requests('/token')).toEqual([]);
  });
});

describe('an error response', () => {
  it('is reported with TVM’s description and the request id', async () => {
    const error_description = 'policy does not allow everything that was requested';
    const body = JSON.stringify({ error: 'access_denied', error_description, request_id: 'c6af9ac6-7b61' });
    service.answer('/token', 403, body);
    expect((await failureOf()).message).toMatch(
      /^127\.0\.0\.1:\d+ answered 403, access_denied: policy does not allow everything that was requested \(request c6af9ac6-7b61\)$/,
    );
  });

  it.each([429, 503])('with %i sets the wait before a retry', async (status) => {
    service.answer('/token', status, '', { 'retry-after': '20' });
    expect(await failureOf()).toMatchObject({ retryAfter: 20_000 });
  });

  it('from the gateway is reported by its type, without any of the signed data', async () => {
    const message = 'The Canonical String … x-amz-security-token:a-session-token';
    service.answer('/token', 403, JSON.stringify({ message }), {
      'x-amzn-errortype': 'InvalidSignatureException:http://a-session-token',
      'x-amzn-requestid': 'c6af9ac6-7b61',
    });
    const { message: sentence } = await failureOf();
    expect(sentence).toMatch(/ answered 403, InvalidSignatureException \(request c6af9ac6-7b61\)$/);
  });

  it('for a missing stage suggests to add the stage', async () => {
    service.answer('/token', 403, '{}', { 'x-amzn-errortype': 'MissingAuthenticationTokenException' });
    expect((await failureOf()).message).toMatch(/does the endpoint name the stage, as in …amazonaws\.com\/v1\?$/);
  });

  it('is reported without its description if that may contain a secret from the request', async () => {
    for (const secret of ['f'.repeat(64), 'IQoJb3JpZ2luX2VjEK7//////////wEaDGV1LWNlbnRyYWwtMSJHMEUCIQD'.repeat(4)]) {
      const error_description = `the signature ${secret} does not match`;
      const body = JSON.stringify({ error: 'access_denied', error_description, request_id: 'c6af9ac6-7b61' });
      service.answer('/token', 403, body);
      expect((await failureOf()).message).toMatch(
        /^127\.0\.0\.1:\d+ answered 403, access_denied \(request c6af9ac6-7b61\)$/,
      );
    }
  });

  it('from another server is reported only by its status', async () => {
    const body = JSON.stringify({ error: 'a secret', error_description: 'a\nsecret', request_id: 'x y' });
    service.answer('/token', 500, body);
    expect((await failureOf()).message).toMatch(/^127\.0\.0\.1:\d+ answered 500$/);
  });
});

describe('the region of TVM', () => {
  it('comes from the environment if neither the configuration nor the endpoint sets one', async () => {
    vi.stubEnv('AWS_REGION', 'eu-north-1');
    await sourceOf({ region: undefined }).fetch(undefined, signal);
    expect(service.requests('/token')[0]?.headers.authorization).toContain('/eu-north-1/execute-api/');
  });

  it('is required if it cannot be determined', async () => {
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, '');
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/nonexistent');
    expect((await failureOf({ region: undefined })).message).toMatch(/^the AWS region of .* is unknown: set region, /);
  });
});

describe('the settings of a tvm source', () => {
  const good = { endpoint: 'https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1', scope: 'role:reader' };
  it.each([
    ['endpoint', { endpoint: 'http://tvm.example.com' }],
    ['endpoint', { endpoint: 'https://tvm.example.com/?a=b' }],
    ['region', { region: 'Frankfurt' }],
    ['authorization_details', { scope: undefined, audience: 'orders-db' }],
    ['authorization_details', { authorization_details: [readOrders] }],
    ['audience', { scope: undefined, authorization_details: [readOrders] }],
    ['scope', { scope: 'reader' }],
    ['expires_in', { expires_in: 0 }],
    ['grant', { grant: 'some' }],
  ])('are refused if %s is wrong: %j', (field, change) => {
    expect(tvm.settings.safeParse({ ...good, ...change }).error?.issues[0]?.path).toEqual([field]);
  });

  it('are those of the token request, and no others', () => {
    expect(tvm.settings.safeParse(good).success).toBe(true);
    expect(tvm.settings.safeParse({ ...good, scopes: 'x' }).error?.issues[0]).toMatchObject({ keys: ['scopes'] });
  });
});
