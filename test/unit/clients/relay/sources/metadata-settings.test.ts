import { awsInstanceProfile } from 'tokenrelay/sources/aws-instance-profile.ts';
import { azureManagedIdentity } from 'tokenrelay/sources/azure-managed-identity.ts';
import { gcpServiceAccount } from 'tokenrelay/sources/gcp-service-account.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { sourceTools, stoppedClock } from '#test/relay/support/source-tools.ts';
import { httpListener } from '#test/support/http-listener.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const kinds = [
  ['aws_instance_profile', awsInstanceProfile, {}],
  ['azure_managed_identity', azureManagedIdentity, { resource: 'https://vault.azure.net' }],
  ['gcp_service_account', gcpServiceAccount, {}],
] as const;

describe.each(kinds)('the settings of %s', (_, { settings }, needed) => {
  it.each([
    'http://169.254.169.254',
    'http://[fd00:ec2::254]',
    'http://metadata.google.internal',
    'http://127.0.0.1:8080/',
  ])('accept a metadata server: %s', (endpoint) => {
    expect(settings.safeParse({ ...needed, endpoint }).success).toBe(true);
  });

  it.each([
    'http://example.com',
    'https://169.254.169.254',
    'http://10.0.0.1',
    'http://127.0.0.1/path',
    'http://user@127.0.0.1',
    '169.254.169.254',
  ])('refuse any other server: %s', (endpoint) => {
    expect(settings.safeParse({ ...needed, endpoint }).error?.issues[0]).toMatchObject({ path: ['endpoint'] });
  });

  it.each(['proxy', 'ca_file', 'rol'])('have no %s', (key) => {
    expect(settings.safeParse({ ...needed, [key]: 'http://proxy.example.com' }).error?.issues[0]).toMatchObject({
      code: 'unrecognized_keys',
      keys: [key],
    });
  });
});

describe('a request to a metadata source', () => {
  it.each(['..', 'a/b', '', 'a role'])('refuses the role name %j', (role) => {
    expect(awsInstanceProfile.settings.safeParse({ role }).success).toBe(false);
  });

  it('selects at most one managed identity', () => {
    const given = { resource: 'https://vault.azure.net', client_id: 'a', msi_res_id: 'b' };
    expect(azureManagedIdentity.settings.safeParse(given).error?.issues[0]?.message).toMatch(/must be the only one/);
    expect(azureManagedIdentity.settings.safeParse({}).error?.issues[0]?.path).toEqual(['resource']);
  });

  it('refuses scopes with an audience, and an account name with a path', () => {
    const both = { audience: 'https://orders.example.com', scopes: ['openid'] };
    expect(gcpServiceAccount.settings.safeParse(both).error?.issues[0]?.path).toEqual(['scopes']);
    for (const service_account of ['../default', 'default/token?x=', 'a@b/c']) {
      expect(gcpServiceAccount.settings.safeParse({ service_account }).success).toBe(false);
    }
  });
});

describe('the default address of a metadata server', () => {
  it.each([
    ['AWS_EC2_METADATA_SERVICE_ENDPOINT', awsInstanceProfile, (url: string) => url],
    ['GCE_METADATA_HOST', gcpServiceAccount, (url: string) => new URL(url).host],
  ] as const)('is that of the cloud’s clients: %s', async (variable, kind, value) => {
    const listener = await httpListener((_, response) => void response.writeHead(503).end());
    vi.stubEnv(variable, value(listener.url));
    const source = kind.create({}, sourceTools(stoppedClock()));
    try {
      await expect(source.fetch(undefined, new AbortController().signal)).rejects.toThrow();
      expect(listener.heard).toHaveLength(1);
    } finally {
      await source.close?.();
      await listener.close();
    }
  });

  it.each([
    ['AWS_EC2_METADATA_SERVICE_ENDPOINT', 'http://example.com', awsInstanceProfile],
    ['GCE_METADATA_HOST', 'example.com', gcpServiceAccount],
  ] as const)('is never another host, for any value of %s', async (variable, value, kind) => {
    vi.stubEnv(variable, value);
    const source = kind.create({}, sourceTools(stoppedClock()));
    await expect(source.fetch(undefined, new AbortController().signal)).rejects.toThrow('is not a metadata server');
  });
});
