import { beforeEach, describe, expect, it } from 'vitest';
import { useVaultOfDocumentedShape } from '#test/relay/support/vault-of-documented-shape.ts';
import { type VaultTools, vaultTools } from '#test/relay/support/vault-tools.ts';
import { signal, vaultSources } from './a-vault-source.ts';

const vault = useVaultOfDocumentedShape();
let tools: VaultTools;
const { dynamic } = vaultSources(vault, () => tools);
const path = 'database/creds/app';

beforeEach(() => {
  tools = vaultTools();
  vault.clock = tools.clock;
  vault.secrets = { [path]: { data: { username: 'v-app-1', password: 's3cret' }, leased: true } };
  vault.login = { ttl: 3_600, maxTtl: 36_000, renewable: true };
});

const count = (line: string) => vault.log().filter((other) => other === line).length;
const later = (seconds: number) => tools.clock.now() + seconds * 1_000;

describe('a leased secret at a Vault of the documented shape', () => {
  it('expires with its lease', async () => {
    expect(await dynamic(path).fetch(undefined, signal)).toEqual({
      values: { username: 'v-app-1', password: 's3cret' },
      fetchedAt: tools.clock.now(),
      expiresAt: later(300),
      handle: {
        lease_id: expect.stringMatching(/^database\/creds\/app\//),
        seconds: '300',
        login: expect.stringMatching(/^[\w-]{22}$/),
        renewable: 'yes',
      },
    });
  });

  it('stays the same while its lease is renewed for its initial duration', async () => {
    const source = dynamic(path);
    let token = await source.fetch(undefined, signal);
    const [lease_id] = vault.leases.keys();
    for (let renewals = 1; renewals <= 5; renewals++) {
      tools.clock.pass(200_000);
      const next = await source.fetch(token, signal);
      expect(next).toEqual({ ...token, fetchedAt: tools.clock.now(), expiresAt: later(300) });
      token = next;
    }
    expect(count(`GET ${path}`)).toBe(1);
    const renewal = vault.asked.find(({ path }) => path === 'sys/leases/renew');
    expect(renewal?.body).toEqual({ lease_id, increment: 300 });
  });

  it('is replaced if less than a third of its lease is granted, at the maximum TTL', async () => {
    vault.lease = { ttl: 300, maxTtl: 390, renewable: true };
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    tools.clock.pass(200_000);
    const renewed = await source.fetch(first, signal);
    expect(renewed).toMatchObject({ expiresAt: later(190), handle: { lease_id: first.handle?.lease_id } });
    tools.clock.pass(100_000);
    const second = await source.fetch(renewed, signal);
    expect(second.expiresAt).toBe(later(300));
    expect(second.handle?.lease_id).not.toBe(first.handle?.lease_id);
    expect(vault.leases.size).toBe(2);
  });

  it.each([400, 403, 404, 405])('is replaced if its renewal is refused with %i', async (status) => {
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'sys/leases/renew' ? { status } : undefined);
    expect((await source.fetch(first, signal)).handle?.lease_id).not.toBe(first.handle?.lease_id);
  });

  it.each([429, 500, 503])('is not replaced while Vault is unavailable (%i)', async (status) => {
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    vault.instead = ({ path }) =>
      path === 'sys/leases/renew' ? { status, headers: { 'retry-after': '5' } } : undefined;
    await expect(source.fetch(first, signal)).rejects.toMatchObject({ retryAfter: 5_000 });
    expect(count(`GET ${path}`)).toBe(1);
  });

  it('is replaced without a renewal request if its lease is not renewable', async () => {
    vault.lease.renewable = false;
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    expect(first.handle).not.toHaveProperty('renewable');
    await source.fetch(first, signal);
    expect([count(`GET ${path}`), count('POST sys/leases/renew')]).toEqual([2, 0]);
  });

  it('expires with its login if that is sooner', async () => {
    vault.login = { ttl: 120, maxTtl: 120, renewable: false };
    expect((await dynamic(path).fetch(undefined, signal)).expiresAt).toBe(later(120));
  });

  it('expires with its login after a renewal, too', async () => {
    vault.login = { ttl: 250, maxTtl: 250, renewable: false };
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    tools.clock.pass(20_000);
    const renewed = await source.fetch(first, signal);
    expect(renewed).toMatchObject({ expiresAt: later(230), handle: { lease_id: first.handle?.lease_id } });
  });

  it('is replaced after a new login, because its lease expires with the old one', async () => {
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    vault.tokens.clear();
    const second = await source.fetch(first, signal);
    expect(second.handle?.login).not.toBe(first.handle?.login);
    expect(second.handle?.lease_id).not.toBe(first.handle?.lease_id);
    expect(second.expiresAt).toBe(later(300));
  });

  it('is replaced after a restart of the agent, because its login is not renewed', async () => {
    const first = await dynamic(path).fetch(undefined, signal);
    const second = await dynamic(path).fetch(first, signal);
    expect(second.handle?.lease_id).not.toBe(first.handle?.lease_id);
    expect(count('POST sys/leases/renew')).toBe(0);
  });

  it('is replaced without a renewal request if it has expired', async () => {
    const source = dynamic(path);
    const first = await source.fetch(undefined, signal);
    tools.clock.pass(300_000);
    await source.fetch(first, signal);
    expect([count(`GET ${path}`), count('POST sys/leases/renew')]).toEqual([2, 0]);
  });
});

describe('a dynamic secret at a Vault of the documented shape', () => {
  it.each([
    ['of a user', { security_token: null }, {}],
    ['of a role', { security_token: 'session' }, { session_token: 'session' }],
    ['of a role, by a newer server', { security_token: 'old', session_token: 'session' }, { session_token: 'session' }],
  ])('is AWS keys %s, with the names that outputs use', async (_what, more, session) => {
    const data = { access_key: 'AKIA', secret_key: 'k', arn: 'arn:aws:x', ...more };
    vault.secrets = { 'aws/creds/app': { data, leased: true } };
    expect((await dynamic('aws/creds/app').fetch(undefined, signal)).values).toEqual({
      access_key_id: 'AKIA',
      secret_access_key: 'k',
      ...session,
    });
  });

  it('keeps its own names if fields are configured', async () => {
    vault.secrets = { 'aws/creds/app': { data: { access_key: 'AKIA', secret_key: 'k' }, leased: true } };
    const source = dynamic('aws/creds/app', { fields: ['access_key'] });
    expect((await source.fetch(undefined, signal)).values).toEqual({ access_key: 'AKIA' });
  });

  it('is requested with parameters in a POST', async () => {
    const data = { certificate: 'c', private_key: 'k', ca_chain: ['a'], expiration: later(90) / 1_000 };
    vault.secrets = { 'pki/issue/app': { data } };
    const parameters = { common_name: 'app.example.com', ip_sans: ['127.0.0.1'], ttl: '90s' };
    const source = dynamic('pki/issue/app', { parameters, fields: ['certificate', 'private_key'] });
    expect(await source.fetch(undefined, signal)).toEqual({
      values: { certificate: 'c', private_key: 'k' },
      fetchedAt: tools.clock.now(),
      expiresAt: later(90),
    });
    expect(vault.asked.at(-1)).toMatchObject({ method: 'POST', path: 'pki/issue/app', body: parameters });
  });

  it('has no expiry without a lease or a certificate', async () => {
    vault.secrets = { 'database/static-creds/app': { data: { username: 'u', expiration: 5 } } };
    const token = await dynamic('database/static-creds/app').fetch(undefined, signal);
    expect(token).toEqual({ values: { username: 'u', expiration: '5' }, fetchedAt: tools.clock.now() });
  });
});
