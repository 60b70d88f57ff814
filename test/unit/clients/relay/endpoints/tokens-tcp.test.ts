import { lstat, readFile } from 'node:fs/promises';
import { Sessions } from 'tokenrelay/endpoints/sessions.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { bearerToken, FakeClock } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('tokens over TCP, with sessions', () => {
  let endpoints: Endpoints;
  let address: string;
  let secret: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    endpoints.tokens.set('app', bearerToken(endpoints.clock, 'value', 86_400));
    const path = endpoints.file('bearer');
    address = await endpoints.start({ protocol: 'tokens-tcp', listen: '127.0.0.1:0', bearer_file: { path } });
    secret = await readFile(path, 'utf8');
  });
  afterEach(() => endpoints.close());

  const session = (ttl: string | undefined, authorization: string | undefined = `Bearer ${secret}`) =>
    ask(address, '/v1/session', {
      method: 'PUT',
      headers: {
        ...(authorization && { authorization }),
        ...(ttl !== undefined && { 'X-TokenRelay-Session-TTL-Seconds': ttl }),
      },
    });
  const token = (held: string) => ask(address, '/v1/tokens/app', { headers: { 'X-TokenRelay-Session': held } });

  it('returns a token for a session that was opened with the secret in the file', async () => {
    const { status, text, headers } = await session('60');
    expect(status).toBe(200);
    expect(text).toMatch(/^[\w-]{43}$/);
    expect(headers).toMatchObject({
      'x-tokenrelay-session-ttl-seconds': '60',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect((await token(text)).json).toMatchObject({ name: 'app', token: 'value' });
  });

  it.each([
    ['no bearer', ''],
    ['another bearer', 'Bearer wrong'],
    ['an empty bearer', 'Bearer '],
    ['another scheme', 'Basic Zm9vOmJhcg=='],
  ])('opens no session with %s', async (_, authorization) => {
    const { status, headers, json } = await session('60', authorization || ' ');
    expect({ status, way: headers['www-authenticate'] }).toEqual({ status: 401, way: 'Bearer' });
    expect(json).toMatchObject({ error: 'unauthorized' });
  });

  it('opens no session with a longer, partial or duplicated secret', async () => {
    const others = [`Bearer ${secret}x`, `Bearer ${secret.slice(1)}`, `Bearer ${secret.slice(0, -1)}`, secret];
    for (const other of others) expect((await session('60', other)).status).toBe(401);
    const { status } = await ask(address, '/v1/session', {
      method: 'PUT',
      headers: { Authorization: [`Bearer ${secret}`, 'Bearer wrong'], 'X-TokenRelay-Session-TTL-Seconds': 60 },
    });
    expect(status).toBe(401);
  });

  it.each([
    '0',
    '21601',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    ' ',
    '99999999999',
    undefined,
  ])('opens no session for %s seconds', async (ttl) => {
    const { status, json } = await session(ttl);
    expect(status).toBe(400);
    expect(json).toMatchObject({ error: 'invalid_ttl' });
  });

  it('opens a session with the maximum TTL of IMDSv2', async () => {
    expect((await session('21600')).status).toBe(200);
  });

  it('returns no token without a session, with an unknown one, or with only the secret', async () => {
    expect((await token('wrong')).status).toBe(401);
    expect((await token('')).status).toBe(401);
    expect((await ask(address, '/v1/tokens/app')).status).toBe(401);
    const withBearer = await ask(address, '/v1/tokens/app', { headers: { authorization: `Bearer ${secret}` } });
    expect(withBearer.status).toBe(401);
  });

  it('returns no token after the session has expired', async () => {
    const { text } = await session('60');
    endpoints.clock.time += 59_999;
    expect((await token(text)).status).toBe(200);
    endpoints.clock.time += 1;
    expect((await token(text)).status).toBe(401);
  });

  it('does not reveal to a client without a session which tokens exist', async () => {
    const [there, absent] = await Promise.all(['app', 'none'].map((name) => ask(address, `/v1/tokens/${name}`)));
    expect(there?.text).toBe(absent?.text);
  });

  it('opens no session for GET', async () => {
    expect((await ask(address, '/v1/session', { headers: { authorization: `Bearer ${secret}` } })).status).toBe(405);
  });

  it('generates a new secret at each start, in a file that only its user can read', async () => {
    const path = endpoints.file('bearer-2');
    await endpoints.start({ protocol: 'tokens-tcp', listen: '127.0.0.1:0', bearer_file: { path } });
    expect(await readFile(path, 'utf8')).not.toBe(secret);
    expect((await lstat(path)).mode & 0o7777).toBe(0o600);
  });

  it('has a limited number of sessions, and drops the oldest', () => {
    const sessions = new Sessions(new FakeClock());
    const opened = Array.from({ length: 1_001 }, () => sessions.open(60));
    expect(sessions.isOpen(opened[0])).toBe(false);
    expect(sessions.isOpen(opened[1])).toBe(true);
    expect(sessions.isOpen(opened[1_000])).toBe(true);
  });

  it('drops expired sessions before valid ones', () => {
    const clock = new FakeClock();
    const sessions = new Sessions(clock);
    const long = sessions.open(3_600);
    for (let count = 0; count < 999; count += 1) sessions.open(1);
    clock.time += 1_000;
    sessions.open(60);
    expect(sessions.isOpen(long)).toBe(true);
  });
});
