import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { awsToken, bearerToken, tokenOf } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('the container credentials of AWS', () => {
  let endpoints: Endpoints;
  let address: string;
  let secret: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    const path = endpoints.file('authorization');
    address = await endpoints.start({
      protocol: 'aws-container-credentials',
      listen: '127.0.0.1:0',
      authorization_file: { path },
      tokens: ['aws', 'static', 'bearer'],
    });
    secret = await readFile(path, 'utf8');
  });
  afterEach(() => endpoints.close());

  const credentials = (name: string, authorization = secret) =>
    ask(address, `/credentials/${name}`, { headers: { authorization } });

  it('returns credentials in the format that SDKs read', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1', 3_600));
    const { status, headers, json } = await credentials('aws');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'application/json' });
    expect(json).toEqual({
      AccessKeyId: 'AKIA1',
      SecretAccessKey: 'secret-1',
      Token: 'session-1',
      Expiration: '2026-11-22T13:00:00Z',
    });
  });

  it.each(['wrong', '', ' '])('refuses a request whose Authorization is %j', async (authorization) => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1'));
    const { status, json } = await credentials('aws', authorization || ' ');
    expect(status).toBe(401);
    const message = 'Authorization must be the content of authorization_file';
    expect(json).toEqual({ code: 'Unauthorized', message, Code: 'Unauthorized', Message: message });
  });

  it('refuses a request without Authorization', async () => {
    expect((await ask(address, '/credentials/aws')).status).toBe(401);
  });

  it('returns no credentials without an expiry, and none that are not from AWS', async () => {
    const { values } = awsToken(endpoints.clock, '1');
    endpoints.tokens.set('aws', { values, fetchedAt: endpoints.clock.now() });
    endpoints.tokens.set('static', tokenOf(endpoints.clock, { access_key_id: 'a', secret_access_key: 'b' }, 60));
    endpoints.tokens.set('bearer', bearerToken(endpoints.clock, 'value', 60));
    expect((await credentials('aws')).json).toMatchObject({ code: 'no_end' });
    for (const name of ['static', 'bearer']) {
      const { status, json } = await credentials(name);
      expect(status).toBe(404);
      expect(json).toMatchObject({ code: 'wrong_form' });
    }
  });

  it('responds with an error for expired credentials', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1', 60));
    endpoints.clock.time += 60_000;
    const { status, text } = await credentials('aws');
    expect(status).toBe(503);
    expect(text).not.toContain('secret-1');
  });

  it('states the expiry of expired credentials that their source wants to be used', async () => {
    const { values, fetchedAt } = awsToken(endpoints.clock, '1');
    endpoints.tokens.set('aws', { values, fetchedAt, expiredAt: fetchedAt - 600_000 });
    expect((await credentials('aws')).json).toMatchObject({ AccessKeyId: 'AKIA1', Expiration: '2026-11-22T11:50:00Z' });
  });

  it('serves no other token and no other path', async () => {
    endpoints.tokens.set('other', awsToken(endpoints.clock, '1'));
    expect((await credentials('other')).status).toBe(404);
    expect((await credentials('..%2faws')).json).toMatchObject({ code: 'not_found' });
    expect((await ask(address, '/', { headers: { authorization: secret } })).status).toBe(404);
  });
});
