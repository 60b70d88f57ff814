import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from './ask.ts';
import { awsToken, bearerToken } from './fake-tokens.ts';
import { Endpoints } from './open-endpoints.ts';

describe('the managed identity of Azure', () => {
  let endpoints: Endpoints;
  let address: string;
  let secret: string;
  beforeEach(async () => {
    endpoints = await Endpoints.create();
    const path = endpoints.file('header');
    address = await endpoints.start({
      protocol: 'azure-managed-identity',
      listen: '127.0.0.1:0',
      header_file: { path },
      resources: { 'https://vault.azure.net': 'vault', 'https://management.azure.com/': 'arm', 'api://app': 'aws' },
      client_id: 'known',
    });
    secret = await readFile(path, 'utf8');
    endpoints.tokens.set('vault', bearerToken(endpoints.clock, 'value', 3_600));
    endpoints.tokens.set('arm', bearerToken(endpoints.clock, 'other', 3_600));
  });
  afterEach(() => endpoints.close());

  const token = (query: Record<string, string>, header = secret) =>
    ask(address, `/msi/token?${new URLSearchParams({ 'api-version': '2019-08-01', ...query })}`, {
      headers: { 'X-IDENTITY-HEADER': header },
    });

  it('returns a token in the format of App Service', async () => {
    const { status, json } = await token({ resource: 'https://vault.azure.net' });
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: 'value',
      expires_on: String(Date.parse('2026-11-22T13:00:00Z') / 1_000),
      resource: 'https://vault.azure.net',
      token_type: 'Bearer',
      client_id: 'known',
    });
  });

  it.each([
    ['https://vault.azure.net/', 'value'],
    ['https://vault.azure.net/.default', 'value'],
    ['https://VAULT.azure.net//.default', 'value'],
    ['https://management.azure.com', 'other'],
    ['https://management.azure.com//.default', 'other'],
  ])('accepts the resource %s for the configured one', async (resource, value) => {
    expect((await token({ resource })).json).toMatchObject({ access_token: value, resource });
  });

  it.each([
    'https://vault.azure.net.evil.example',
    'https://graph.microsoft.com',
    '',
    '__proto__',
    'constructor',
  ])('returns no token for the resource %j', async (resource) => {
    const { status, json } = await token({ resource });
    expect(status).toBe(400);
    expect(json).toMatchObject({ statusCode: 400, error: 'invalid_resource' });
  });

  it('refuses a request without the header, or with another value', async () => {
    const resource = 'https://vault.azure.net';
    expect((await token({ resource }, 'wrong')).status).toBe(401);
    expect((await ask(address, `/msi/token?api-version=2019-08-01&resource=${resource}`)).status).toBe(401);
    for (const [version, headers] of [
      ['2017-09-01', { 'X-IDENTITY-HEADER': secret }],
      ['2017-09-01', { secret: 'wrong' }],
      ['2019-08-01', { secret }],
      ['2020-01-01', {}],
    ] as const) {
      const { status } = await ask(address, `/msi/token?api-version=${version}&resource=${resource}`, { headers });
      expect(status).toBe(401);
    }
  });

  it('supports the version of 2017, with its header and its parameter', async () => {
    const of2017 = (query: Record<string, string>) =>
      ask(address, `/MSI/token/?${new URLSearchParams({ 'api-version': '2017-09-01', ...query })}`, {
        headers: { secret },
      });
    const resource = 'https://vault.azure.net';
    for (const query of [{}, { clientid: '' }, { clientid: 'known' }] as Record<string, string>[]) {
      expect((await of2017({ resource, ...query })).json).toMatchObject({
        access_token: 'value',
        expires_on: String(Date.parse('2026-11-22T13:00:00Z') / 1_000),
      });
    }
    for (const query of [{ clientid: 'other' }, { client_id: 'known' }] as Record<string, string>[]) {
      expect((await of2017({ resource, ...query })).json).toMatchObject({ error: 'unknown_identity' });
    }
  });

  it.each(['', '2018-02-01', '2020-01-01'])('does not support the version %j', async (version) => {
    const { status, json } = await token({ resource: 'https://vault.azure.net', 'api-version': version });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      error: 'invalid_request',
      message: 'api-version must be 2019-08-01 or 2017-09-01',
    });
  });

  it('returns no token for another identity', async () => {
    const resource = 'https://vault.azure.net';
    expect((await token({ resource, client_id: 'known' })).status).toBe(200);
    for (const name of ['client_id', 'clientid', 'principal_id', 'object_id', 'mi_res_id']) {
      const { status, json } = await token({ resource, [name]: 'other' });
      expect(status).toBe(400);
      expect(json).toMatchObject({ error: 'unknown_identity' });
    }
  });

  it('responds with an error for a token that has expired, is missing, or is not a bearer token', async () => {
    endpoints.tokens.set('aws', awsToken(endpoints.clock, '1'));
    expect((await token({ resource: 'api://app' })).json).toMatchObject({ statusCode: 404, error: 'wrong_form' });
    endpoints.tokens.set('vault', bearerToken(endpoints.clock, 'value'));
    expect((await token({ resource: 'https://vault.azure.net' })).json).toMatchObject({ error: 'no_end' });
    endpoints.clock.time += 3_600_000;
    const { status, text } = await token({ resource: 'https://management.azure.com' });
    expect(status).toBe(503);
    expect(text).not.toContain('"other"');
  });

  it('serves no other path', async () => {
    expect((await ask(address, '/', { headers: { 'X-IDENTITY-HEADER': secret } })).status).toBe(404);
  });
});
