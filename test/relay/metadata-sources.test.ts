import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import { awsInstanceProfile } from 'tokenrelay/sources/aws-instance-profile.ts';
import { azureManagedIdentity } from 'tokenrelay/sources/azure-managed-identity.ts';
import { gcpServiceAccount } from 'tokenrelay/sources/gcp-service-account.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { azureServer, gcpServer, imdsServer } from './support/metadata-servers.ts';
import { sourceTools, stoppedClock } from './support/source-tools.ts';

const START = Date.UTC(2026, 10, 22, 12);
const { signal } = new AbortController();
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function ended<T extends { close?(): Promise<void> }>(what: T): T {
  ends.push(() => what.close?.());
  return what;
}

/** Returns the error of a fetch that must fail. */
async function failureOf(source: Source): Promise<SourceFailure> {
  const failure = await source.fetch(undefined, signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(SourceFailure);
  return failure as SourceFailure;
}

describe('aws_instance_profile, with a server that follows the documentation', () => {
  const credentials = {
    AccessKeyId: 'ASIAEXAMPLE',
    SecretAccessKey: 'a secret access key',
    Token: 'a session token',
    Expiration: new Date(START + 6 * 3_600_000).toISOString(),
  };

  async function instance(settings: { role?: string } = {}) {
    const server = ended(await imdsServer(credentials));
    const clock = stoppedClock(START);
    const given = awsInstanceProfile.settings.parse({ endpoint: server.url, ...settings });
    const tools = sourceTools(clock);
    const warned: unknown[] = [];
    const log = { ...tools.log, warn: (...said: unknown[]) => warned.push(said) };
    return { server, clock, warned, source: ended(awsInstanceProfile.create(given, { ...tools, log })) };
  }
  const requestsTo = ({ heard }: { heard: { method?: string | undefined; path?: string | undefined }[] }) =>
    heard.map(({ method, path }) => `${method} ${path?.replace('/latest/meta-data/iam/security-credentials/', '…/')}`);

  it('returns the credentials of the instance’s role, with a new session', async () => {
    const { source, server } = await instance();
    expect(await source.fetch(undefined, signal)).toEqual({
      values: {
        access_key_id: credentials.AccessKeyId,
        secret_access_key: credentials.SecretAccessKey,
        session_token: credentials.Token,
      },
      fetchedAt: START,
      expiresAt: Date.parse(credentials.Expiration),
    });
    expect(requestsTo(server)).toEqual(['PUT /latest/api/token', 'GET …/', 'GET …/orders-service']);
  });

  it('requests only a named role, and uses a session until shortly before it expires', async () => {
    const { source, server, clock } = await instance({ role: 'orders-service' });
    await source.fetch(undefined, signal);
    clock.pass(5 * 3_600_000);
    await source.fetch(undefined, signal);
    expect(requestsTo(server)).toEqual(['PUT /latest/api/token', 'GET …/orders-service', 'GET …/orders-service']);
    clock.pass(3_599_000);
    await source.fetch(undefined, signal);
    expect(requestsTo(server).slice(3)).toEqual(['PUT /latest/api/token', 'GET …/orders-service']);
  });

  it('starts a new session when its session has expired', async () => {
    const { source, server } = await instance({ role: 'orders-service' });
    await source.fetch(undefined, signal);
    server.endSessions();
    expect(await source.fetch(undefined, signal)).toHaveProperty('values.access_key_id', credentials.AccessKeyId);
  });

  it('never sends a request without a session: a service without sessions is an error', async () => {
    const { source, server } = await instance();
    server.instead = { status: 403 };
    expect((await failureOf(source)).message).toMatch(/responded with status 403.*turned off for this instance/);
    expect(requestsTo(server)).toEqual(['PUT /latest/api/token']);
  });

  it.each([
    '../../dynamic/instance-identity/document',
    '..',
    'a role',
    '',
  ])('puts only a valid role name into a path: %j', async (role) => {
    const { source, server } = await instance();
    server.role = role;
    expect((await failureOf(source)).message).toContain('returned no role');
    expect(requestsTo(server)).toEqual(['PUT /latest/api/token', 'GET …/']);
  });

  it('uses expired credentials as they are, with a warning and without another expiry', async () => {
    const { source, server, warned } = await instance();
    const end = START - 600_000;
    server.document = { Code: 'Success', ...credentials, Expiration: new Date(end).toISOString() };
    expect(await source.fetch(undefined, signal)).toStrictEqual({
      values: {
        access_key_id: credentials.AccessKeyId,
        secret_access_key: credentials.SecretAccessKey,
        session_token: credentials.Token,
      },
      fetchedAt: START,
      expiredAt: end,
    });
    expect(warned).toEqual([
      [
        { token: expect.any(String), expired_at: new Date(end).toISOString() },
        'the instance metadata service returned expired credentials; they are used until it has new ones',
      ],
    ]);
  });

  it('reports the service’s own code for missing credentials, and nothing else from its response', async () => {
    const { source, server } = await instance();
    server.document = { Code: 'AssumeRoleUnauthorizedAccess', Message: 'a secret' };
    const { message } = await failureOf(source);
    expect(message).toBe('the instance metadata service returned no credentials (AssumeRoleUnauthorizedAccess)');
  });

  it.each([
    'soon',
    '',
    null,
    undefined,
    true,
    '2026-13-01T00:00:00Z',
    {},
  ])('reports the expiry %j', async (Expiration) => {
    const { source, server } = await instance();
    server.document = { Code: 'Success', ...credentials, Expiration };
    const sentence = 'the instance metadata service returned no Expiration, or one that is not a time';
    expect((await failureOf(source)).message).toBe(sentence);
  });

  it.each(['2026-11-22T14:00:00+01:00', START / 1_000 + 3_600])('reads the expiry %j', async (Expiration) => {
    const { source, server } = await instance();
    const expiresAt = typeof Expiration === 'string' ? Date.parse(Expiration) : Expiration * 1_000;
    server.document = { Code: 'Success', ...credentials, Expiration };
    expect(await source.fetch(undefined, signal)).toMatchObject({ expiresAt });
  });
});

describe('azure_managed_identity, with a server that follows the documentation', () => {
  const expiresOn = START / 1_000 + 3_000;
  // Issued a while ago, because the service caches tokens. Only `expires_on` has the expiry.
  const document = {
    access_token: 'eyJ0eXAi',
    refresh_token: '',
    expires_in: '86399',
    expires_on: String(expiresOn),
    not_before: '1506480273',
    resource: 'https://vault.azure.net',
    token_type: 'Bearer',
  };

  async function machine(settings: object = {}) {
    const server = ended(await azureServer(document));
    const given = { resource: 'https://vault.azure.net', endpoint: server.url, ...settings };
    const tools = sourceTools(stoppedClock(START));
    return { server, source: ended(azureManagedIdentity.create(azureManagedIdentity.settings.parse(given), tools)) };
  }

  it('returns a token with the service’s expiry, however old the token is', async () => {
    const { source, server } = await machine();
    expect(await source.fetch(undefined, signal)).toEqual({
      values: { token: 'eyJ0eXAi' },
      fetchedAt: START,
      expiresAt: expiresOn * 1_000,
    });
    expect(server.heard[0]?.path).toBe(
      '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net',
    );
  });

  it.each(['client_id', 'object_id', 'msi_res_id'])('selects the identity with %s', async (name) => {
    const { source, server } = await machine({ [name]: '/subscriptions/a b&c' });
    await source.fetch(undefined, signal);
    const { searchParams } = new URL(server.heard[0]?.path ?? '', server.url);
    expect(searchParams.get(name)).toBe('/subscriptions/a b&c');
  });

  it('reports the service’s error code, and nothing else from its response', async () => {
    const { source, server } = await machine();
    server.instead = {
      status: 400,
      body: JSON.stringify({ error: 'invalid_resource', error_description: 'a secret' }),
    };
    expect((await failureOf(source)).message).toBe('Azure’s metadata service answered 400 (invalid_resource)');
  });

  it('waits for Retry-After, and for some seconds while the service is updated', async () => {
    const { source, server } = await machine();
    server.instead = { status: 429, headers: { 'retry-after': '7' } };
    expect((await failureOf(source)).retryAfter).toBe(7_000);
    server.instead = { status: 410 };
    expect((await failureOf(source)).retryAfter).toBe(10_000);
    server.instead = { status: 410, headers: { 'retry-after': '70' } };
    expect((await failureOf(source)).retryAfter).toBe(70_000);
    server.instead = { status: 500 };
    expect((await failureOf(source)).retryAfter).toBeUndefined();
  });

  it.each([
    ...[expiresOn, `${expiresOn}.0`, expiresOn * 1_000, new Date(expiresOn * 1_000).toISOString()],
  ])('reads the expiry %j', async (expires_on) => {
    const { source, server } = await machine();
    server.document = { ...document, expires_on };
    expect(await source.fetch(undefined, signal)).toMatchObject({ expiresAt: expiresOn * 1_000 });
  });

  it.each(['', null, undefined])('reports the token %j', async (access_token) => {
    const { source, server } = await machine();
    server.document = { ...document, access_token };
    expect((await failureOf(source)).message).toBe('Azure’s metadata service returned no access_token');
  });

  it.each([
    'soon',
    '',
    '9/14/2026 0:00:00 PM +00:00',
    null,
    undefined,
    true,
  ])('reports the expiry %j', async (expires_on) => {
    const { source, server } = await machine();
    server.document = { ...document, expires_on };
    const sentence = 'Azure’s metadata service returned no expires_on, or one that is not a time';
    expect((await failureOf(source)).message).toBe(sentence);
  });

  it('accepts no token that could break a line of a file', async () => {
    const { source, server } = await machine();
    server.document = { ...document, access_token: 's3cret\nA=B' };
    expect((await failureOf(source)).message).toBe(
      'the access_token from Azure’s metadata service is not one line of printable ASCII',
    );
  });
});

describe('gcp_service_account, with a server that follows the documentation', () => {
  const exp = START / 1_000 + 3_600;
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const identity = (aud: string) => `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded({ aud, exp })}.c2ln`;

  const google = (body: object) => ({
    status: 200,
    headers: { 'metadata-flavor': 'Google' },
    body: JSON.stringify(body),
  });

  async function machine(settings: object = {}) {
    const token = { access_token: 'ya29.example', expires_in: 1_800, token_type: 'Bearer' };
    const server = ended(await gcpServer(token, identity));
    const given = gcpServiceAccount.settings.parse({ endpoint: server.url, ...settings });
    return { server, source: ended(gcpServiceAccount.create(given, sourceTools(stoppedClock(START)))) };
  }

  it('returns an access token of the VM’s service account', async () => {
    const { source, server } = await machine();
    expect(await source.fetch(undefined, signal)).toEqual({
      values: { token: 'ya29.example' },
      fetchedAt: START,
      expiresAt: START + 1_800_000,
    });
    expect(server.heard[0]?.path).toBe('/computeMetadata/v1/instance/service-accounts/default/token');
  });

  it.each([
    ['60', 60],
    [0.5, 0.5],
  ])('reads the lifetime %j', async (expires_in, seconds) => {
    const { source, server } = await machine();
    server.instead = google({ access_token: 'ya29.example', expires_in });
    expect(await source.fetch(undefined, signal)).toMatchObject({ expiresAt: START + seconds * 1_000 });
  });

  it.each([
    ['soon', 'returned an expires_in that is not a number of seconds'],
    [undefined, 'returned an expires_in that is not a number of seconds'],
    [true, 'returned an expires_in that is not a number of seconds'],
    [0, 'returned a token that has already expired'],
    [-5, 'returned a token that has already expired'],
  ])('reports the lifetime %j', async (expires_in, sentence) => {
    const { source, server } = await machine();
    server.instead = google({ access_token: 's3cret', expires_in });
    expect((await failureOf(source)).message).toBe(`GCP’s metadata server ${sentence}`);
  });

  it('requests the configured scopes and account', async () => {
    const scopes = ['https://www.googleapis.com/auth/devstorage.read_only', 'openid'];
    const { source, server } = await machine({ scopes, service_account: 'app@project.iam.gserviceaccount.com' });
    expect((await failureOf(source)).message).toBe('GCP’s metadata server answered 404');
    const { pathname, searchParams } = new URL(server.heard[0]?.path ?? '', server.url);
    expect(pathname).toContain('/service-accounts/app@project.iam.gserviceaccount.com/token');
    expect(searchParams.get('scopes')).toBe(scopes.join());
  });

  it('returns an identity token for an audience, until the token expires', async () => {
    const audience = 'https://orders.example.com/a?b=c&d';
    const { source, server } = await machine({ audience });
    expect(await source.fetch(undefined, signal)).toEqual({
      values: { token: identity(audience) },
      fetchedAt: START,
      expiresAt: exp * 1_000,
    });
    expect(new URL(server.heard[0]?.path ?? '', server.url).searchParams.get('format')).toBe('full');
  });

  it.each([
    ['<html>sign in</html>', {}],
    ['<html>sign in</html>', { audience: 'a' }],
    [JSON.stringify({ access_token: 'ya29.captive', expires_in: 60 }), {}],
  ])('accepts nothing from a server that is not Google’s: %j', async (body, settings) => {
    const { source, server } = await machine(settings);
    server.instead = { status: 200, body };
    expect((await failureOf(source)).message).toContain('is not from GCP’s metadata server');
  });

  it.each([
    '',
    'a.b',
    `${'a.'.repeat(2)}c`,
    identity('x').replace(/\.[^.]+\./, '.e30.'),
  ])('accepts no other text as an identity token: %j', async (body) => {
    const { source, server } = await machine({ audience: 'a' });
    server.instead = { status: 200, headers: { 'metadata-flavor': 'Google' }, body };
    expect((await failureOf(source)).message).toBe('GCP’s metadata server responded without an identity token');
  });
});
