import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useVaultOfDocumentedShape } from '#test/relay/support/vault-of-documented-shape.ts';
import { type VaultTools, vaultTools } from '#test/relay/support/vault-tools.ts';
import { signal, vaultSources } from './a-vault-source.ts';

const vault = useVaultOfDocumentedShape();
let tools: VaultTools;
const { kv, dynamic } = vaultSources(vault, () => tools);

beforeEach(() => {
  tools = vaultTools();
  vault.clock = tools.clock;
  vault.secrets = { 'kv/app': { data: { a: 'b' } } };
});

const MINUTE = 60_000;
const LOGIN = 'POST auth/approle/login';
const RENEWAL = 'POST auth/token/renew-self';
const read = { values: { a: 'b' } };
const count = (line: string) => vault.log().filter((other) => other === line).length;

describe('a login at a Vault of the documented shape', () => {
  it('is made once for many concurrent requests', async () => {
    const source = kv('kv/app');
    await Promise.all([1, 2, 3].map(() => source.fetch(undefined, signal)));
    expect([count(LOGIN), count('GET kv/app')]).toEqual([1, 3]);
  });

  it('is reused, and renewed before use after half of its lifetime', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    tools.clock.pass(4 * MINUTE);
    await source.fetch(undefined, signal);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([1, 0]);
    tools.clock.pass(1.1 * MINUTE);
    await source.fetch(undefined, signal);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([1, 1]);
    expect(vault.asked.find(({ path }) => path === 'auth/token/renew-self')?.body).toEqual({ increment: '600s' });
  });

  it('is renewed without use between 55 and 65 % of its lifetime', async () => {
    await kv('kv/app').fetch(undefined, signal);
    for (let renewals = 1; renewals <= 3; renewals++) {
      tools.clock.pass(5.4 * MINUTE);
      expect(count(RENEWAL)).toBe(renewals - 1);
      tools.clock.pass(1.2 * MINUTE);
      await vi.waitFor(() => expect(count(RENEWAL)).toBe(renewals));
      await vi.waitFor(() => expect(tools.clock.waiting()).toBe(1));
    }
    expect(count(LOGIN)).toBe(1);
  });

  it('is renewed again without use if a renewal fails', async () => {
    await kv('kv/app').fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'auth/token/renew-self' ? { status: 503 } : undefined);
    tools.clock.pass(6.6 * MINUTE);
    await vi.waitFor(() => expect([count(RENEWAL), tools.clock.waiting()]).toEqual([1, 1]));
    vault.instead = () => undefined;
    tools.clock.pass(MINUTE);
    await vi.waitFor(() => expect([count(RENEWAL), tools.clock.waiting()]).toEqual([2, 1]));
    expect(count(LOGIN)).toBe(1);
  });

  it('is replaced if its renewal reaches the maximum TTL', async () => {
    vault.login = { ttl: 600, maxTtl: 700, renewable: true };
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    tools.clock.pass(5.4 * MINUTE);
    await source.fetch(undefined, signal);
    tools.clock.pass(4 * MINUTE);
    await vi.waitFor(() => expect(count(RENEWAL)).toBe(2));
    await source.fetch(undefined, signal);
    expect([count(LOGIN), count(RENEWAL), vault.tokens.size]).toEqual([2, 2, 2]);
    expect(vault.asked.at(-1)?.headers['x-vault-token']).toBe([...vault.tokens.keys()][1]);
  });

  it('is replaced if its renewal is refused', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'auth/token/renew-self' ? { status: 400 } : undefined);
    tools.clock.pass(5.4 * MINUTE);
    expect(await source.fetch(undefined, signal)).toMatchObject(read);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([2, 1]);
  });

  it('is replaced immediately if a request arrives while its renewal is refused', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'auth/token/renew-self' ? { status: 400 } : undefined);
    tools.clock.pass(6.6 * MINUTE);
    expect(await source.fetch(undefined, signal)).toMatchObject(read);
    expect(count(LOGIN)).toBe(2);
  });

  it('stays in use if its renewal gets no response', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'auth/token/renew-self' ? { body: '<html>' } : undefined);
    tools.clock.pass(5.4 * MINUTE);
    expect(await source.fetch(undefined, signal)).toMatchObject(read);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([1, 1]);
  });

  it('is kept until it expires if a new login is refused, because a secret id may be single-use', async () => {
    vault.login = { ttl: 600, maxTtl: 600, renewable: false };
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.accepts = {};
    tools.clock.pass(9 * MINUTE);
    expect(await source.fetch(undefined, signal)).toMatchObject(read);
    expect(tools.logged()).toContain('Vault refused a new login; the previous login is still valid');
    tools.clock.pass(MINUTE);
    await expect(source.fetch(undefined, signal)).rejects.toThrow('responded with status 400 for auth/approle/login');
  });

  it('is not renewed if it is not renewable, and is replaced when little of it is left', async () => {
    vault.login = { ttl: 600, maxTtl: 600, renewable: false };
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    expect(tools.clock.waiting()).toBe(0);
    tools.clock.pass(6 * MINUTE);
    await source.fetch(undefined, signal);
    expect(count(LOGIN)).toBe(1);
    tools.clock.pass(MINUTE);
    await source.fetch(undefined, signal);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([2, 0]);
  });

  it('is neither renewed nor replaced if it does not expire', async () => {
    vault.login = { ttl: 0, maxTtl: 1e9, renewable: false };
    const source = kv('kv/app');
    vault.instead = ({ path }) => (path === 'kv/app' ? { body: { data: { a: 'b' } } } : undefined);
    await source.fetch(undefined, signal);
    tools.clock.pass(10_000 * MINUTE);
    await source.fetch(undefined, signal);
    expect([count(LOGIN), count(RENEWAL)]).toEqual([1, 0]);
  });

  it('is renewed in time with a lifetime of two months, which exceeds the maximum timer', async () => {
    vault.login = { ttl: 5_184_000, maxTtl: 1e9, renewable: true };
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    for (let day = 0; day < 20; day++) tools.clock.pass(1_440 * MINUTE);
    await source.fetch(undefined, signal);
    expect(count(RENEWAL)).toBe(0);
    for (let day = 0; day < 20; day++) tools.clock.pass(1_440 * MINUTE);
    await vi.waitFor(() => expect(count(RENEWAL)).toBe(1));
  });

  it('is replaced immediately if the server no longer accepts it', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.tokens.clear();
    expect(await source.fetch(undefined, signal)).toMatchObject(read);
    expect(count(LOGIN)).toBe(2);
  });

  it('is not replaced after a 403 for a forbidden path', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.instead = ({ path }) => (path === 'kv/app' ? { status: 403 } : undefined);
    for (let tries = 0; tries < 3; tries++) {
      await expect(source.fetch(undefined, signal)).rejects.toThrow(
        'responded with status 403 for kv/app: permission denied',
      );
    }
    expect(count(LOGIN)).toBe(1);
  });

  it('is not made twice in one fetch after a 403 for a forbidden path', async () => {
    vault.instead = ({ path }) => (/^(kv\/app|.*lookup-self)$/.test(path) ? { status: 403 } : undefined);
    await expect(kv('kv/app').fetch(undefined, signal)).rejects.toThrow('permission denied');
    expect(count(LOGIN)).toBe(1);
  });

  it('is refused if the response has no token', async () => {
    vault.instead = () => ({ body: { data: {} } });
    await expect(kv('kv/app').fetch(undefined, signal)).rejects.toThrow('accepted the login, but returned no token');
  });

  it('is aborted with the fetch that waits for it', async () => {
    const never = new AbortController();
    vault.instead = () => {
      never.abort();
      return undefined;
    };
    await expect(kv('kv/app').fetch(undefined, never.signal)).rejects.toThrow(
      /^the login to Vault at \S+ was aborted$/,
    );
  });

  it('is revoked when its source is closed, and not renewed afterwards', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    await source.close?.();
    expect(vault.log().at(-1)).toBe('POST auth/token/revoke-self');
    expect([vault.tokens.size, tools.clock.waiting()]).toEqual([0, 0]);
  });

  it('is not renewed again if its source is closed during a renewal', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    let closed: Promise<void> | undefined;
    vault.instead = ({ path }) => {
      if (path === 'auth/token/renew-self') closed = source.close?.();
      return undefined;
    };
    tools.clock.pass(6.6 * MINUTE);
    await vi.waitFor(() => expect(closed).toBeDefined());
    await closed;
    expect([tools.clock.waiting(), vault.tokens.size]).toEqual([0, 0]);
  });

  it('is left to expire when the source of a leased secret is closed, unless revoke_on_stop is set', async () => {
    vault.secrets = { 'database/creds/app': { data: { username: 'u' }, leased: true } };
    const source = dynamic('database/creds/app');
    await source.fetch(undefined, signal);
    await source.close?.();
    expect([vault.tokens.size, vault.leases.size, tools.clock.waiting()]).toEqual([1, 1, 0]);
    const other = dynamic('database/creds/app', { revoke_on_stop: true });
    await other.fetch(undefined, signal);
    await other.close?.();
    expect([vault.tokens.size, vault.leases.size]).toEqual([1, 1]);
  });

  it('is closed even if the server is unavailable', async () => {
    const source = kv('kv/app');
    await source.fetch(undefined, signal);
    vault.instead = () => ({ status: 503 });
    await source.close?.();
    expect(tools.logged()).toContain('the Vault login could not be revoked; it will expire');
  });

  it('is never in the log', async () => {
    await kv('kv/app').fetch(undefined, signal);
    expect(tools.logged()).toContain('logged in to Vault');
    for (const token of [...vault.tokens.keys(), 'secret-1']) expect(tools.logged()).not.toContain(token);
  });
});
