import { beforeEach, describe, expect, it } from 'vitest';
import { useVaultOfDocumentedShape } from '#test/relay/support/vault-of-documented-shape.ts';
import { type VaultTools, vaultTools } from '#test/relay/support/vault-tools.ts';
import { signal, vaultSources } from './a-vault-source.ts';

const vault = useVaultOfDocumentedShape();
let tools: VaultTools;
const { kv } = vaultSources(vault, () => tools);

beforeEach(() => {
  tools = vaultTools();
  vault.clock = tools.clock;
});

const version = (data: Record<string, unknown> | null, more: object = {}) => ({
  data: {
    data,
    metadata: { version: 3, created_time: '2026-01-01T00:00:00Z', deletion_time: '', destroyed: false, ...more },
  },
});

describe('a secret of KV version 2 at a Vault of the documented shape', () => {
  it('has the names and values of its latest version, and no expiry', async () => {
    vault.secrets = { 'secret/data/app': version({ DB_USER: 'app', port: 5432, tls: true }) };
    expect(await kv('secret/data/app').fetch(undefined, signal)).toEqual({
      values: { DB_USER: 'app', port: '5432', tls: 'true' },
      fetchedAt: tools.clock.now(),
    });
  });

  it('is read in its namespace', async () => {
    vault.namespace = 'team/app';
    vault.secrets = { 'secret/data/app': version({ a: 'b' }) };
    const source = kv('secret/data/app', { vault_namespace: 'team/app' });
    expect((await source.fetch(undefined, signal)).values).toEqual({ a: 'b' });
    await expect(kv('secret/data/app').fetch(undefined, signal)).rejects.toThrow('responded with status 404');
  });

  it('expires at the deletion time of its version', async () => {
    const end = tools.clock.now() + 60_000;
    vault.secrets = { 'secret/data/app': version({ a: 'b' }, { deletion_time: new Date(end).toISOString() }) };
    expect(await kv('secret/data/app').fetch(undefined, signal)).toMatchObject({ expiresAt: end });
  });

  it.each([
    ['deleted', { deletion_time: '2025-12-31T00:00:00Z' }],
    ['destroyed', { deletion_time: '2025-12-31T00:00:00Z', destroyed: true }],
  ])('is reported as %s, with its version', async (what, more) => {
    vault.secrets = { 'secret/data/app': { ...version(null, more), status: 404 } };
    await expect(kv('secret/data/app').fetch(undefined, signal)).rejects.toThrow(
      `secret/data/app: version 3 was ${what}`,
    );
  });

  it('is refused if its deletion time has passed', async () => {
    vault.secrets = { 'secret/data/app': version({ a: 'b' }, { deletion_time: '2025-12-31T00:00:00Z' }) };
    await expect(kv('secret/data/app').fetch(undefined, signal)).rejects.toThrow('version 3 was deleted');
  });

  it('reports that data/ is missing in its path', async () => {
    await expect(kv('secret/app').fetch(undefined, signal)).rejects.toThrow('KV version 2 needs data/ after the mount');
    vault.secrets = { 'secret/app': { data: { a: 'b' } } };
    await expect(kv('secret/app', { kv_version: 2 }).fetch(undefined, signal)).rejects.toThrow(
      'secret/app is not a secret of KV version 2: the path must have data/ after the mount',
    );
  });
});

describe('a secret of KV at a Vault of the documented shape', () => {
  it('has version 1 if configured, whatever its shape', async () => {
    vault.secrets = { 'kv/app': { data: { ...version({ a: 'b' }).data, token: 't' } } };
    const source = kv('kv/app', { kv_version: 1, fields: ['token'] });
    expect((await source.fetch(undefined, signal)).values).toEqual({ token: 't' });
  });

  it('has version 1 if data and metadata are only names of its values', async () => {
    vault.secrets = { 'kv/app': { data: { data: 'x', metadata: 'y' } } };
    expect((await kv('kv/app').fetch(undefined, signal)).values).toEqual({ data: 'x', metadata: 'y' });
  });

  it('returns only the configured fields, so that others may have any type', async () => {
    vault.secrets = { 'kv/app': { data: { user: 'u', nested: { s3cret: 1 }, none: null } } };
    expect((await kv('kv/app', { fields: ['user'] }).fetch(undefined, signal)).values).toEqual({ user: 'u' });
  });

  it.each([
    ['an object', '{"x":1,"n":12345678901234567890}', '{"x":1,"n":12345678901234567890}'],
    ['a list', '["a",null,1.10]', '["a",null,1.10]'],
    ['an empty text', '""', ''],
    ['an integer above 2^53', '12345678901234567890', '12345678901234567890'],
    ['a negative integer below -2^53', '-90071992547409931', '-90071992547409931'],
    ['a decimal with more digits than a double', '0.12345678901234567890123', '0.12345678901234567890123'],
    ['a number with a zero at its end', '1.10', '1.10'],
    ['an exponent above that of a double', '1e400', '1e400'],
    ['a boolean', 'false', 'false'],
    ['a very long text', JSON.stringify('x'.repeat(500_000)), 'x'.repeat(500_000)],
  ])('has the exact text of %s', async (_what, json, text) => {
    vault.instead = ({ path }) => (path === 'kv/app' ? { body: `{"data":{"user":"u","v":${json}}}` } : undefined);
    expect((await kv('kv/app').fetch(undefined, signal)).values).toEqual({ user: 'u', v: text });
    expect((await kv('kv/app', { fields: ['v'] }).fetch(undefined, signal)).values).toEqual({ v: text });
  });

  it('has version 2 whatever the form of its numbers', async () => {
    const body = '{"lease_duration":0.0,"data":{"data":{"a":1.0},"metadata":{"version":3.0}}}';
    vault.instead = ({ path }) => (path === 'secret/data/app' ? { body } : undefined);
    expect((await kv('secret/data/app').fetch(undefined, signal)).values).toEqual({ a: '1.0' });
  });

  it('lacks a value that is null', async () => {
    vault.secrets = { 'kv/app': { data: { user: 'u', none: null } } };
    expect((await kv('kv/app').fetch(undefined, signal)).values).toEqual({ user: 'u' });
    expect((await kv('kv/app', { fields: ['none', 'user'] }).fetch(undefined, signal)).values).toEqual({ user: 'u' });
  });

  it.each([{}, { none: null }, { 'a\nb': null }])('is refused without a value: %j', async (data) => {
    vault.secrets = { 'kv/app': { data } };
    await expect(kv('kv/app').fetch(undefined, signal)).rejects.toThrow('kv/app contains no value');
  });

  it('is refused if a field is missing, even one with the name of an inherited property', async () => {
    vault.secrets = { 'kv/app': { data: { user: 'u' } } };
    for (const name of ['password', 'toString', '__proto__']) {
      await expect(kv('kv/app', { fields: [name] }).fetch(undefined, signal)).rejects.toThrow(
        `kv/app: the value "${name}" does not exist`,
      );
    }
  });
});
