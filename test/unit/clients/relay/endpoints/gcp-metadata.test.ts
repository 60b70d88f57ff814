import { type GcpMetadataSettings, gcpMetadataProtocol } from 'tokenrelay/endpoints/gcp-metadata-protocol.ts';
import { httpServer } from 'tokenrelay/endpoints/http-server.ts';
import { listenOnLoopback } from 'tokenrelay/endpoints/loopback.ts';
import { running } from 'tokenrelay/endpoints/running-endpoint.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

const V1 = '/computeMetadata/v1';
const ACCOUNTS = `${V1}/instance/service-accounts`;
const EMAIL = 'relay@example.iam.gserviceaccount.com';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

describe('the metadata server of Google Cloud', () => {
  let endpoints: Endpoints;
  /** The user id that the kernel reports. */
  let caller: number | undefined;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    endpoints.tokens.set('gcp', bearerToken(endpoints.clock, 'value', 3_600));
    caller = 1_000;
  });
  afterEach(() => endpoints.close());

  const open = async (more: Partial<GcpMetadataSettings> = { project_id: 'example', email: EMAIL }) => {
    const settings = { token: 'gcp', user_ids: [1_000, 1_001], ...more };
    const protocol = gcpMetadataProtocol(endpoints, settings, () => Promise.resolve(caller));
    const server = httpServer(protocol, endpoints.log, true);
    return endpoints.keep(running(server, await listenOnLoopback(server, '127.0.0.1:0')));
  };
  const headers = { 'Metadata-Flavor': 'Google' };

  it('returns the token for the name default and for that of the account', async () => {
    const address = await open();
    for (const name of ['default', EMAIL]) {
      const answer = await ask(address, `${ACCOUNTS}/${name}/token?scopes=${SCOPE}`, { headers });
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual({ access_token: 'value', expires_in: 3_600, token_type: 'Bearer' });
      expect(answer.headers).toMatchObject({ 'metadata-flavor': 'Google', 'content-type': 'application/json' });
    }
  });

  it.each([
    ['/', 'computeMetadata/\n'],
    [V1, 'instance/\nproject/\n'],
    [`${V1}/instance`, 'service-accounts/\n'],
    [`${V1}/project/project-id`, 'example'],
    [`${ACCOUNTS}/`, `default/\n${EMAIL}/\n`],
    [`${ACCOUNTS}/default/`, 'aliases\nemail\nscopes\ntoken\n'],
    [`${ACCOUNTS}/default/aliases`, 'default'],
    [`${ACCOUNTS}/default/email`, EMAIL],
    [`${ACCOUNTS}/default/scopes`, `${SCOPE}\n`],
  ])('responds to %s like the server of Google Cloud', async (path, text) => {
    const answer = await ask(await open(), path, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({ 'metadata-flavor': 'Google', 'content-type': 'application/text' });
    expect(answer.text).toBe(text);
  });

  describe('with identity tokens', () => {
    const audience = 'https://orders.example.com/a?b=c&d';
    const ofAudience = (more: Record<string, string>) => `${ACCOUNTS}/default/identity?${new URLSearchParams(more)}`;
    let address: string;
    beforeEach(async () => {
      endpoints.tokens.set('identity', bearerToken(endpoints.clock, 'a.b.c', 3_600));
      address = await open({ email: EMAIL, identity_tokens: { [audience]: 'identity' } });
    });

    it('returns the one for an audience as text, for the name default and for that of the account', async () => {
      for (const path of [
        ofAudience({ audience }),
        ofAudience({ audience, format: 'full', licenses: 'TRUE' }),
        ofAudience({ audience }).replace('default', EMAIL),
      ]) {
        const { status, text, headers: got } = await ask(address, path, { headers });
        expect({ status, text }).toEqual({ status: 200, text: 'a.b.c' });
        expect(got).toMatchObject({ 'metadata-flavor': 'Google', 'content-type': 'text/html' });
      }
      const { text } = await ask(address, `${ACCOUNTS}/default/`, { headers });
      expect(text).toBe('aliases\nemail\nidentity\nscopes\ntoken\n');
    });

    it.each([
      [{}, 400],
      [{ audience: '' }, 400],
      [{ audience: 'https://orders.example.com/a' }, 404],
      [{ audience: 'constructor' }, 404],
    ])('returns none for the parameters %j', async (parameters, status) => {
      expect((await ask(address, ofAudience(parameters as Record<string, string>), { headers })).status).toBe(status);
    });

    it('returns none that has expired', async () => {
      endpoints.clock.time += 3_600_000;
      const { status, text } = await ask(address, ofAudience({ audience }), { headers });
      expect(status).toBe(503);
      expect(text).not.toContain('a.b.c');
    });
  });

  it('returns the whole account recursively', async () => {
    const { json } = await ask(await open(), `${ACCOUNTS}/default/?recursive=true`, { headers });
    expect(json).toEqual({ aliases: ['default'], email: EMAIL, scopes: [SCOPE] });
  });

  it('returns a default account and no project if none is configured', async () => {
    const address = await open({});
    expect((await ask(address, `${ACCOUNTS}/default/email`, { headers })).text).toBe('default');
    expect((await ask(address, `${V1}/project/project-id`, { headers })).status).toBe(404);
  });

  it.each([0, 1_002, 65_534, undefined])('refuses users that are not configured: %s', async (uid) => {
    const address = await open();
    caller = uid;
    for (const path of ['/', `${ACCOUNTS}/default/token`, '/nothing']) {
      const answer = await ask(address, path, { headers });
      expect(answer.status).toBe(403);
      expect(answer.text).not.toContain('value');
    }
    expect(endpoints.logged).toContainEqual({
      level: 'warn',
      details: { endpoint: 'gcp-metadata', status: 403, code: 'forbidden', uid: uid ?? 'unknown' },
      message: 'refused a request',
    });
  });

  it.each([
    undefined,
    'google',
    'Google, Google',
    'Amazon',
  ])('refuses requests whose Metadata-Flavor is %s', async (flavor) => {
    const sent = flavor === undefined ? {} : { 'Metadata-Flavor': flavor };
    const answer = await ask(await open(), `${ACCOUNTS}/default/token`, { headers: sent });
    expect(answer.status).toBe(403);
    expect(answer.headers['metadata-flavor']).toBe('Google');
  });

  it('refuses forwarded requests', async () => {
    const sent = { ...headers, 'X-Forwarded-For': '127.0.0.1' };
    expect((await ask(await open(), `${ACCOUNTS}/default/token`, { headers: sent })).status).toBe(403);
  });

  it.each([
    `${ACCOUNTS}/other/token`,
    `${ACCOUNTS}/default/identity`,
    `${V1}/universe/universe-domain`,
    `${V1}/../v1`,
  ])('serves nothing under %s', async (path) => {
    expect((await ask(await open(), path, { headers })).status).toBe(404);
  });

  it('responds with an error for an expired token', async () => {
    const address = await open();
    endpoints.clock.time += 3_600_000;
    const answer = await ask(address, `${ACCOUNTS}/default/token`, { headers });
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('value');
  });

  it('returns no token for POST', async () => {
    expect((await ask(await open(), `${ACCOUNTS}/default/token`, { method: 'POST', headers })).status).toBe(405);
  });
});
