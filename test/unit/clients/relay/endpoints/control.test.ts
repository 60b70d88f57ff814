import { lstat } from 'node:fs/promises';
import { startControl } from 'tokenrelay/endpoints/control.ts';
import { controlError, controlRefresh, controlStatus, controlToken } from 'tokenrelay/endpoints/control-shapes.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { awsToken, bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('the control socket', () => {
  let endpoints: Endpoints;
  let socket: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    socket = endpoints.keep(await startControl({ socket: endpoints.file('control.sock') }, endpoints));
  });
  afterEach(() => endpoints.close());

  it('is accessible only to the agent’s user unless a mode is configured', async () => {
    expect((await lstat(socket)).mode & 0o7777).toBe(0o600);
    const path = endpoints.file('shared.sock');
    endpoints.keep(
      await startControl({ socket: path, permissions: 0o660, group: process.getegid?.() ?? 0 }, endpoints),
    );
    expect((await lstat(path)).mode & 0o7777).toBe(0o660);
  });

  it('returns a token with all its values', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1', 60));
    const { status, json } = await ask(socket, '/v1/tokens/aws');
    expect(status).toBe(200);
    expect(controlToken.parse(json)).toEqual({
      name: 'aws',
      values: { access_key_id: 'AKIA1', secret_access_key: 'secret-1', session_token: 'session-1' },
      fetched_at: '2026-11-22T12:00:00Z',
      expires_at: '2026-11-22T12:01:00Z',
    });
    endpoints.tokens.set('endless', bearerToken(endpoints.clock, 'value'));
    expect(controlToken.parse((await ask(socket, '/v1/tokens/endless')).json)).not.toHaveProperty('expires_at');
  });

  it('returns no token that is missing or no longer usable', async () => {
    endpoints.tokens.set('waiting');
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    endpoints.clock.time += 60_000;
    for (const [name, status, error] of [
      ['none', 404, 'unknown_token'],
      ['waiting', 503, 'not_ready'],
      ['app', 503, 'not_ready'],
    ]) {
      const answer = await ask(socket, `/v1/tokens/${name}`);
      expect({ status: answer.status, error: controlError.parse(answer.json).error }).toEqual({ status, error });
    }
  });

  it('returns the status of each token, without its values', async () => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'a-very-secret-value', 60), {
      nextFetchAt: endpoints.clock.now() + 40_000,
      lastError: 'the issuer is away',
      outputs: [{ name: 'file /run/app.json', problem: 'is gone' }],
    });
    endpoints.tokens.set('waiting');
    const { json, text } = await ask(socket, '/v1/status');
    expect(controlStatus.parse(json).tokens).toEqual(endpoints.tokens.statuses());
    expect(text).not.toContain('a-very-secret-value');
  });

  it('fetches a token', async () => {
    endpoints.tokens.set('app');
    endpoints.tokens.renew = async () => bearerToken(endpoints.clock, 'new', 60);
    const { status, json } = await ask(socket, '/v1/tokens/app/refresh', { method: 'POST' });
    expect(status).toBe(200);
    expect(controlRefresh.parse(json).status).toEqual(endpoints.tokens.statuses()[0]);
    expect((await ask(socket, '/v1/tokens/app')).json).toMatchObject({ values: { token: 'new' } });
  });

  it('reports why a fetch failed, if the reason contains no secret', async () => {
    endpoints.tokens.set('app');
    endpoints.tokens.renew = () => Promise.reject(new SourceFailure('the issuer answered 403'));
    const known = await ask(socket, '/v1/tokens/app/refresh', { method: 'POST' });
    expect(known.status).toBe(502);
    expect(known.json).toEqual({ error: 'fetch_failed', error_description: 'the issuer answered 403' });
    endpoints.tokens.renew = () => Promise.reject(new TypeError('a-very-secret-value'));
    const unknown = await ask(socket, '/v1/tokens/app/refresh', { method: 'POST' });
    expect(unknown.status).toBe(500);
    expect(unknown.json).toMatchObject({ error: 'internal_error' });
    expect(unknown.text + JSON.stringify(endpoints.logged)).not.toContain('a-very-secret-value');
    expect(endpoints.logged).toContainEqual(
      expect.objectContaining({ level: 'error', details: expect.objectContaining({ fault: 'TypeError' }) }),
    );
  });

  it('fetches only with POST, and only existing tokens', async () => {
    endpoints.tokens.set('app');
    expect((await ask(socket, '/v1/tokens/app/refresh')).status).toBe(405);
    const { status, json } = await ask(socket, '/v1/tokens/none/refresh', { method: 'POST' });
    expect({ status, json }).toMatchObject({ status: 404, json: { error: 'unknown_token' } });
    expect((await ask(socket, '/v1/tokens/../refresh', { method: 'POST' })).json).toMatchObject({ error: 'not_found' });
  });

  it('finishes responses in progress when it closes', async () => {
    endpoints.tokens.set('app');
    const fetching = Promise.withResolvers<ReturnType<typeof bearerToken>>();
    const asked = Promise.withResolvers<void>();
    endpoints.tokens.renew = () => {
      asked.resolve();
      return fetching.promise;
    };
    const answer = ask(socket, '/v1/tokens/app/refresh', { method: 'POST' });
    await asked.promise;
    const closed = endpoints.close();
    fetching.resolve(bearerToken(endpoints.clock, 'new', 60));
    expect((await answer).status).toBe(200);
    await closed;
  });

  it('serves monitoring too', async () => {
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 60));
    expect((await ask(socket, '/healthz')).json).toEqual({ status: 'ok' });
    expect((await ask(socket, '/metrics')).text).toContain('tokenrelay_token_healthy{token="app"} 1\n');
  });
});
