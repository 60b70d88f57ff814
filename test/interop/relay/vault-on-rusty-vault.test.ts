import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { hashicorpVaultKv } from 'tokenrelay/sources/hashicorp-vault-kv.ts';
import { vaultDynamic } from 'tokenrelay/sources/vault-dynamic.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { noRustyVault, type RustyVault, startRustyVault } from '../../relay/support/rusty-vault.ts';
import { closingSources, type VaultTools, vaultTools } from '../../relay/support/vault-tools.ts';

const signal = new AbortController().signal;

if (noRustyVault === undefined) {
  describe('on RustyVault, a real server of Vault’s API,', onRustyVault);
} else {
  it('the test with RustyVault prints why it is not run', () => {
    const printed = vi.spyOn(console, 'log');
    console.log(`not run: ${noRustyVault}`);
    expect(printed).toHaveBeenCalledWith(expect.stringMatching(/^not run: RustyVault is not built/));
    printed.mockRestore();
  });
}

function onRustyVault() {
  let vault: RustyVault;
  let configFolder: string;
  let tools: VaultTools;
  const close = closingSources();
  /** Returns source settings like those of the seed configuration: an address, a role and a path. */
  const settings = (vault_path: string, more: object = {}) => ({
    vault_addr: vault.address,
    vault_role: 'my-vm-app-role',
    vault_path,
    ...more,
  });
  const kv = (vault_path: string, more?: object) =>
    close(hashicorpVaultKv.create(hashicorpVaultKv.settings.parse(settings(vault_path, more)), tools));
  const dynamic = (vault_path: string, more?: object) =>
    close(vaultDynamic.create(vaultDynamic.settings.parse(settings(vault_path, more)), tools));
  const idOf = (response: Record<string, unknown>, name: string) =>
    (response.data as Record<string, string>)[name] ?? '';

  beforeAll(async () => {
    vault = await startRustyVault();
    configFolder = await mkdtemp(join(tmpdir(), 'relay-vault-'));
    await vault.asRoot('POST', 'sys/auth/approle', { type: 'approle' });
    await vault.asRoot('POST', 'sys/mounts/kv', { type: 'kv' });
    await vault.asRoot('POST', 'sys/mounts/leased', { type: 'kv', options: { leased_passthrough: 'true' } });
    await vault.asRoot('POST', 'kv/my-app/database', { DB_USER: 'app', DB_PASS: 's3cret', port: 5432 });
    await vault.asRoot('POST', 'leased/app', { username: 'v-app', password: 'p4ss', ttl: '90s' });
    await vault.asRoot('POST', 'auth/approle/role/my-vm-app-role', { token_ttl: '600s', token_max_ttl: '3600s' });
    const role = 'auth/approle/role/my-vm-app-role';
    const secrets = join(configFolder, 'secrets');
    await mkdir(secrets);
    const roleId = idOf(await vault.asRoot('GET', `${role}/role-id`), 'role_id');
    await writeFile(join(secrets, 'my-vm-app-role.role_id'), `${roleId}\n`);
    const secretId = idOf(await vault.asRoot('POST', `${role}/secret-id`, {}), 'secret_id');
    await writeFile(join(secrets, 'my-vm-app-role.secret_id'), `${secretId}\n`);
  });
  beforeEach(() => {
    tools = vaultTools({ configFolder });
  });
  afterAll(async () => {
    await vault.stop();
    await rm(configFolder, { recursive: true });
  });

  it('reads a secret of KV version 1 with only the role’s files, and does not treat lease_duration as an expiry', async () => {
    expect(await kv('kv/my-app/database').fetch(undefined, signal)).toEqual({
      values: { DB_USER: 'app', DB_PASS: 's3cret', port: '5432' },
      fetchedAt: tools.clock.now(),
    });
  });

  it('fails for a missing secret and for a wrong secret ID, without the request in the error', async () => {
    await expect(kv('kv/none').fetch(undefined, signal)).rejects.toThrow(
      /^Vault at 127\.0\.0\.1:\d+ responded with status 404 for kv\/none[^:]*: nothing exists at this path/,
    );
    const wrong = kv('kv/my-app/database', {
      auth: { method: 'approle', secret_id: { insecure_inline: 'wrong-secret-id' } },
    });
    const failure = await wrong.fetch(undefined, signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SourceFailure);
    expect(String(failure)).toContain('responded with status 400 for auth/approle/login');
    expect(String(failure)).not.toContain('wrong-secret-id');
  });

  it('reports that the server is sealed, and continues once it is unsealed', async () => {
    const source = kv('kv/my-app/database');
    await source.fetch(undefined, signal);
    await vault.seal();
    await expect(source.fetch(undefined, signal)).rejects.toThrow(
      'responded with status 503 for kv/my-app/database: sealed',
    );
    await vault.unseal();
    expect((await source.fetch(undefined, signal)).values.DB_USER).toBe('app');
  });

  it('logs in again when the server no longer accepts the login, even before its local expiry', async () => {
    await vault.asRoot('POST', 'auth/approle/role/my-vm-app-role/token-ttl', { token_ttl: '1s' });
    const source = dynamic('leased/app');
    const first = await source.fetch(undefined, signal);
    await vault.asRoot('POST', 'auth/approle/role/my-vm-app-role/token-ttl', { token_ttl: '600s' });
    // The local clock stands still; only the server’s clock runs.
    await vi.waitFor(
      async () => {
        const next = await source.fetch(undefined, signal);
        expect(next.values).toEqual(first.values);
        expect(next.handle?.login).not.toBe(first.handle?.login);
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  it('logs in again after half of the login’s lifetime if the server supports no renewal', async () => {
    const source = dynamic('leased/app');
    const first = await source.fetch(undefined, signal);
    tools.clock.pass(400_000);
    const second = await source.fetch(first, signal);
    expect(second.handle?.login).not.toBe(first.handle?.login);
    expect(second.fetchedAt).toBe(tools.clock.now());
  });

  it('reads a leased secret, which expires with its lease, and requests a new one if the server renews no leases', async () => {
    const source = dynamic('leased/app', { fields: ['username', 'password'] });
    const first = await source.fetch(undefined, signal);
    expect(first).toEqual({
      values: { username: 'v-app', password: 'p4ss' },
      fetchedAt: tools.clock.now(),
      expiresAt: tools.clock.now() + 90_000,
      handle: {
        lease_id: expect.stringMatching(/^leased\/app\//),
        seconds: '90',
        login: expect.any(String),
        renewable: 'yes',
      },
    });
    tools.clock.pass(60_000);
    const second = await source.fetch(first, signal);
    expect(second.handle?.lease_id).not.toBe(first.handle?.lease_id);
    expect(second.expiresAt).toBe(tools.clock.now() + 90_000);
  });

  it('rejects a leased secret for a source of the key-value engine', async () => {
    await expect(kv('leased/app').fetch(undefined, signal)).rejects.toThrow(
      'leased/app has a lease: its type must be vault_dynamic',
    );
  });

  describe('over TLS,', () => {
    let transport: { ca_file: string; client_certificate: { cert_path: string; key_path: string } };

    beforeAll(async () => {
      await vault.asRoot('POST', 'sys/mounts/pki', { type: 'pki' });
      // With 256 bits RustyVault would use a curve that TLS does not support.
      const ec = { key_type: 'ec', key_bits: 384 };
      const root = await vault.asRoot('POST', 'pki/root/generate/exported', {
        common_name: 'Test CA',
        ttl: '1000h',
        ...ec,
      });
      const ca = idOf(root, 'certificate');
      const flags = { allow_localhost: true, allow_any_name: true, allow_ip_sans: true };
      await vault.asRoot('POST', 'pki/roles/any', {
        ttl: '2h',
        max_ttl: '9h',
        ...flags,
        server_flag: true,
        client_flag: true,
        ...ec,
      });
      const issued = await vault.asRoot('POST', 'pki/issue/any', { common_name: 'localhost', ip_sans: '127.0.0.1' });
      const client = await vault.asRoot('POST', 'pki/issue/any', { common_name: 'vm.example.com' });
      const path = (name: string) => join(configFolder, name);
      await writeFile(path('ca.crt'), ca);
      await writeFile(path('client.crt'), idOf(client, 'certificate'));
      await writeFile(path('client.key'), idOf(client, 'private_key'), { mode: 0o600 });
      transport = {
        ca_file: path('ca.crt'),
        client_certificate: { cert_path: path('client.crt'), key_path: path('client.key') },
      };
      await vault.restartWithTls({ cert: idOf(issued, 'certificate'), key: idOf(issued, 'private_key'), ca });
      await vault.asRoot('POST', 'sys/auth/cert', { type: 'cert' });
      await vault.asRoot('POST', 'auth/cert/config', { disable_binding: false });
      await vault.asRoot('POST', 'auth/cert/certs/my-vm-app-role', {
        certificate: ca,
        token_ttl: '600s',
      });
    });

    it('logs in with the client certificate', async () => {
      const source = kv('kv/my-app/database', { ...transport, auth: { method: 'cert' } });
      expect((await source.fetch(undefined, signal)).values.DB_PASS).toBe('s3cret');
    });

    it('cannot log in without a client certificate', async () => {
      const auth = { method: 'cert', mount: 'cert' } as const;
      const { vault_addr, vault_path, vault_role } = settings('kv/my-app/database');
      const source = close(
        hashicorpVaultKv.create({ vault_addr, vault_path, vault_role, auth, ca_file: transport.ca_file }, tools),
      );
      await expect(source.fetch(undefined, signal)).rejects.toThrow(
        /responded with status 4\d\d for auth\/cert\/login/,
      );
    });

    it('sends nothing to a server whose certificate has an unknown issuer', async () => {
      const source = kv('kv/my-app/database');
      await expect(source.fetch(undefined, signal)).rejects.toThrow('has a certificate of an unknown issuer');
    });

    it('writes to a path that needs parameters: a certificate, which expires as stated', async () => {
      const source = dynamic('pki/issue/any', {
        ca_file: transport.ca_file,
        parameters: { common_name: 'app.example.com', ttl: '1h' },
        fields: ['certificate', 'private_key'],
      });
      const { values, expiresAt = 0 } = await source.fetch(undefined, signal);
      expect(values.certificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
      expect(values.private_key).toMatch(/^-----BEGIN .*PRIVATE KEY-----/);
      expect(Math.abs(expiresAt - Date.now() - 3_600_000)).toBeLessThan(60_000);
    });
  });
}
