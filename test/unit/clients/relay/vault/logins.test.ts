import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { awsRequestIn } from '#test/relay/support/vault-aws-login.ts';
import { useVaultOfDocumentedShape } from '#test/relay/support/vault-of-documented-shape.ts';
import { type VaultTools, vaultTools } from '#test/relay/support/vault-tools.ts';
import { signal, vaultSources } from './a-vault-source.ts';

const vault = useVaultOfDocumentedShape();
let tools: VaultTools;
const { kv } = vaultSources(vault, () => tools);

beforeEach(() => {
  tools = vaultTools();
  vault.clock = tools.clock;
  vault.secrets = { 'kv/app': { data: { a: 'b' } } };
});

describe('an AppRole login at a Vault of the documented shape', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-approle-'));
    for (const name of ['secrets', 'credentials']) await mkdir(join(folder, name));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const given = (files: Record<string, string>) =>
    Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
  const sent = () => vault.asked.find(({ path }) => path === 'auth/approle/login')?.body;

  it('finds the ids of a role in the configuration’s folder', async () => {
    await given({ 'secrets/app.role_id': 'role-1\n', 'secrets/app.secret_id': 'secret-1\r\n' });
    tools = vaultTools({ configFolder: folder });
    await kv('kv/app', { vault_role: 'app', auth: undefined }).fetch(undefined, signal);
    expect(sent()).toEqual({ role_id: 'role-1', secret_id: 'secret-1' });
  });

  it('prefers systemd credentials, for each id independently', async () => {
    await given({
      'secrets/app.role_id': 'role-1',
      'secrets/app.secret_id': 'an older one',
      'credentials/app.secret_id': 'secret-1',
    });
    tools = vaultTools({ configFolder: folder, credentialsFolder: join(folder, 'credentials') });
    await kv('kv/app', { vault_role: 'app', auth: { method: 'approle' } }).fetch(undefined, signal);
    expect(sent()).toEqual({ role_id: 'role-1', secret_id: 'secret-1' });
  });

  it.each([
    ['a role', { vault_role: 'app' }],
    ['no role', {}],
  ])('sends only the role id with %s, if there is no secret id', async (_what, role) => {
    tools = vaultTools({ configFolder: folder });
    vault.accepts.approle = ({ role_id, secret_id }) => role_id === 'role-1' && secret_id === undefined;
    const auth = { method: 'approle', role_id: { insecure_inline: 'role-1' } };
    await kv('kv/app', { ...role, auth }).fetch(undefined, signal);
    expect(sent()).toEqual({ role_id: 'role-1' });
  });

  it('sends the secret id at its default location with a configured role id', async () => {
    await given({ 'secrets/app.secret_id': 'secret-1' });
    tools = vaultTools({ configFolder: folder });
    const auth = { method: 'approle', role_id: { insecure_inline: 'role-1' } };
    await kv('kv/app', { vault_role: 'app', auth }).fetch(undefined, signal);
    expect(sent()).toEqual({ role_id: 'role-1', secret_id: 'secret-1' });
  });

  it('needs both ids if neither is configured', async () => {
    await given({ 'secrets/app.role_id': 'role-1' });
    tools = vaultTools({ configFolder: folder });
    await expect(kv('kv/app', { vault_role: 'app', auth: undefined }).fetch(undefined, signal)).rejects.toThrow(
      'app.secret_id',
    );
    expect(sent()).toBeUndefined();
  });

  it('reads the secret id again for each login, because it may have been replaced', async () => {
    await given({ 'secrets/app.role_id': 'role-1', 'secrets/app.secret_id': 'secret-1' });
    tools = vaultTools({ configFolder: folder });
    vault.clock = tools.clock;
    const source = kv('kv/app', { vault_role: 'app', auth: undefined });
    await source.fetch(undefined, signal);
    await given({ 'secrets/app.secret_id': 'secret-2' });
    vault.accepts.approle = ({ secret_id }) => secret_id === 'secret-2';
    vault.tokens.clear();
    expect((await source.fetch(undefined, signal)).values).toEqual({ a: 'b' });
  });

  it('uses the mount path of the method', async () => {
    vault.accepts = { 'team/vms': () => true };
    const auth = { method: 'approle', mount: 'team/vms', role_id: { env: 'A' }, secret_id: { env: 'B' } };
    await kv('kv/app', { auth }).fetch(undefined, signal);
    expect(vault.log()).toEqual(['POST auth/team/vms/login', 'GET kv/app']);
  });
});

describe('a wrapped secret id at a Vault of the documented shape', () => {
  const wrappedBy = (wrappingToken: string) => {
    tools.tokens.W = wrappingToken;
    const auth = { method: 'approle', role_id: { insecure_inline: 'role-1' }, wrapped_secret_id: { env: 'W' } };
    return kv('kv/app', { vault_role: 'app', auth, vault_namespace: vault.namespace });
  };
  const made = 'auth/approle/role/app/secret-id';

  it('is looked up, unwrapped once, and cached for the next login', async () => {
    const source = wrappedBy(vault.wrap(made, { secret_id: 'secret-1' }));
    await source.fetch(undefined, signal);
    vault.tokens.clear();
    await source.fetch(undefined, signal);
    expect(vault.log().filter((line) => line.startsWith('POST'))).toEqual([
      'POST sys/wrapping/lookup',
      'POST sys/wrapping/unwrap',
      'POST auth/approle/login',
      'POST auth/approle/login',
    ]);
    expect(tools.logged()).not.toContain('secret-1');
  });

  it('is unwrapped again from a new wrapping token', async () => {
    const source = wrappedBy(vault.wrap(made, { secret_id: 'secret-1' }));
    await source.fetch(undefined, signal);
    vault.accepts.approle = ({ secret_id }) => secret_id === 'secret-2';
    vault.tokens.clear();
    tools.tokens.W = vault.wrap('auth/approle/role/app/custom-secret-id', { secret_id: 'secret-2' });
    expect((await source.fetch(undefined, signal)).values).toEqual({ a: 'b' });
  });

  it.each([
    'sys/wrapping/wrap',
    'cubbyhole/x',
    'auth/approle/role/other/secret-id',
    `${made}/x`,
    `x/${made}`,
  ])('is not unwrapped if it was created at %s', async (path) => {
    const wrappingToken = vault.wrap(path, { secret_id: 'secret-1' });
    await expect(wrappedBy(wrappingToken).fetch(undefined, signal)).rejects.toThrow(
      `was not created at ${made}: it may have been substituted, so it was not used`,
    );
    expect(vault.log()).toEqual(['POST sys/wrapping/lookup']);
  });

  it('may have its namespace in the creation path', async () => {
    vault.namespace = 'team/';
    const source = wrappedBy(vault.wrap(`team/${made}`, { secret_id: 'secret-1' }));
    expect((await source.fetch(undefined, signal)).values).toEqual({ a: 'b' });
  });

  it('reports a used wrapping token as possibly stolen', async () => {
    const wrappingToken = 'hvs.used-already';
    const failure = await wrappedBy(wrappingToken).fetch(undefined, signal).catch(String);
    expect(failure).toContain('it has expired or was used. Unless this agent used it before a restart, someone else');
    expect(failure).not.toContain(wrappingToken);
  });
});

describe('a JWT login at a Vault of the documented shape', () => {
  it('sends the current token of another source at each login', async () => {
    vault.accepts = { jwt: ({ role, jwt }) => role === 'app' && jwt === tools.tokens.oidc };
    tools.tokens.oidc = 'a.b.c';
    const source = kv('kv/app', { vault_role: 'app', auth: { method: 'jwt', jwt: { token: 'oidc' } } });
    await source.fetch(undefined, signal);
    vault.tokens.clear();
    tools.tokens.oidc = 'd.e.f';
    await source.fetch(undefined, signal);
    const logins = vault.asked.filter(({ path }) => path === 'auth/jwt/login');
    expect(logins.map(({ body }) => body.jwt)).toEqual(['a.b.c', 'd.e.f']);
  });

  it('leaves the role to the server if none is configured', async () => {
    vault.accepts = { jwt: (body) => !('role' in body) };
    const source = kv('kv/app', { auth: { method: 'jwt', jwt: { token: 'oidc' } } });
    expect((await source.fetch(undefined, signal)).values).toEqual({ a: 'b' });
  });
});

describe('an AWS login at a Vault of the documented shape', () => {
  const identity = {
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'a-secret-key',
    AWS_SESSION_TOKEN: 'a-session',
  };
  let before: NodeJS.ProcessEnv;

  beforeEach(() => {
    before = { ...process.env };
    Object.assign(process.env, identity);
    vault.accepts = { aws: (body) => awsRequestIn(body, 'a-secret-key').isSignedRightly };
  });
  afterEach(() => {
    for (const name of Object.keys(identity)) delete process.env[name];
    Object.assign(process.env, before);
  });
  const request = () => awsRequestIn(vault.asked[0]?.body ?? {}, 'a-secret-key');

  it('sends a signed GetCallerIdentity request for this server only, and never the secret key', async () => {
    const auth = { method: 'aws', region: 'eu-central-1', server_id: 'vault.example.com' };
    await kv('kv/app', { vault_role: 'app', auth }).fetch(undefined, signal);
    expect(request()).toMatchObject({
      isSignedRightly: true,
      method: 'POST',
      url: 'https://sts.eu-central-1.amazonaws.com/',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      accessKey: 'AKIAEXAMPLE',
      region: 'eu-central-1',
      service: 'sts',
      headers: { 'x-amz-security-token': 'a-session', 'x-vault-aws-iam-server-id': 'vault.example.com' },
    });
    expect(request().signed).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-vault-aws-iam-server-id']));
    expect(vault.asked[0]?.body).toMatchObject({ role: 'app' });
    expect(JSON.stringify(vault.asked)).not.toContain('a-secret-key');
  });

  it('uses the global endpoint and its region if no region is configured', async () => {
    await kv('kv/app', { auth: { method: 'aws' } }).fetch(undefined, signal);
    expect(request()).toMatchObject({ url: 'https://sts.amazonaws.com/', region: 'us-east-1', isSignedRightly: true });
    expect(request().headers).not.toHaveProperty('x-vault-aws-iam-server-id');
  });

  it('uses the domain of AWS in China', async () => {
    await kv('kv/app', { auth: { method: 'aws', region: 'cn-north-1' } }).fetch(undefined, signal);
    expect(request().url).toBe('https://sts.cn-north-1.amazonaws.com.cn/');
  });
});
