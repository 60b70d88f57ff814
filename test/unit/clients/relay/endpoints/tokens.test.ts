import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { awsToken, bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('GET /v1/tokens/{name} on a Unix socket', () => {
  let endpoints: Endpoints;
  let socket: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    socket = await endpoints.start({
      protocol: 'tokens',
      listen: { unix: endpoints.file('tokens.sock') },
      tokens: ['app', 'aws', 'endless', 'waiting', 'expired', 'revoked', 'empty'],
    });
  });
  afterEach(() => endpoints.close());

  it('returns a bearer token with its expiry', async () => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 90));
    endpoints.clock.time += 30_500;
    const { status, json, headers } = await ask(socket, '/v1/tokens/app');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('application/json');
    expect(json).toEqual({ name: 'app', token: 'value', expires_at: '2026-11-22T12:01:30Z', expires_in: 59 });
  });

  it('returns several values with their names', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1'));
    expect((await ask(socket, '/v1/tokens/aws')).json).toMatchObject({
      values: { access_key_id: 'AKIA1', secret_access_key: 'secret-1', session_token: 'session-1' },
      expires_in: 3_600,
    });
  });

  it('returns no expiry if there is none', async () => {
    endpoints.tokens.set('endless', bearerToken(endpoints.clock, 'value'));
    expect((await ask(socket, '/v1/tokens/endless')).json).toEqual({ name: 'endless', token: 'value' });
  });

  it.each([
    ['waiting', 'was not fetched yet'],
    ['expired', 'has expired'],
    ['revoked', 'was revoked'],
  ] as const)('responds with an error for a token that is %s', async (state, reason) => {
    endpoints.tokens.set(state, undefined, { state });
    const { status, json } = await ask(socket, `/v1/tokens/${state}`);
    expect(status).toBe(503);
    expect(json).toEqual({ error: 'not_ready', error_description: `the token ${state} ${reason}` });
  });

  it('checks the expiry itself, and returns no token with less than a second left', async () => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    endpoints.clock.time += 59_000;
    expect((await ask(socket, '/v1/tokens/app')).json).toMatchObject({ expires_in: 1 });
    endpoints.clock.time += 1;
    const { status, text } = await ask(socket, '/v1/tokens/app');
    expect(status).toBe(503);
    expect(text).not.toContain('value');
  });

  it('returns no empty token', async () => {
    endpoints.tokens.set('empty', bearerToken(endpoints.clock, '', 60));
    expect((await ask(socket, '/v1/tokens/empty')).status).toBe(503);
    endpoints.tokens.set('empty', { values: {}, fetchedAt: endpoints.clock.now() });
    expect((await ask(socket, '/v1/tokens/empty')).status).toBe(503);
  });

  it('responds in the same way for an excluded token and for a missing token', async () => {
    endpoints.tokens.set('other', bearerToken(endpoints.clock, 'value', 60));
    const kept = await ask(socket, '/v1/tokens/other');
    expect(kept.status).toBe(404);
    expect(kept.text).toBe((await ask(socket, '/v1/tokens/none')).text);
  });

  it.each([
    '/',
    '/v1/tokens',
    '/v1/tokens/',
    '/v1/tokens/../tokens/app',
    '/v1/tokens/%61pp',
    '/v1/tokens/app%00',
    '/v1/tokens/app/',
    '/v1/tokens/..%2f..%2fetc%2fpasswd',
    '//v1/tokens/app',
    '/V1/tokens/app',
    '/v1/tokens/__proto__',
    `/v1/tokens/${'a'.repeat(65)}`,
  ])('serves nothing under %s', async (path) => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    const { status, json } = await ask(socket, path);
    expect(status).toBe(404);
    expect(json).toMatchObject({ error: 'not_found' });
  });

  it('finds no token with the name of an inherited property', async () => {
    expect((await ask(socket, '/v1/tokens/constructor')).status).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('refuses %s', async (method) => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    const { status, headers, text } = await ask(socket, '/v1/tokens/app', { method });
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET' });
    expect(text).not.toContain('value');
  });

  it('logs no token', async () => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'a-very-secret-value', 60));
    await ask(socket, '/v1/tokens/app');
    expect(endpoints.logged).toContainEqual({
      level: 'debug',
      details: { endpoint: 'tokens', status: 200 },
      message: 'handled a request',
    });
    expect(JSON.stringify(endpoints.logged)).not.toContain('a-very-secret-value');
  });
});
