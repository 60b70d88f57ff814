import fc from 'fast-check';
import { hashicorpVaultKv } from 'tokenrelay/sources/hashicorp-vault-kv.ts';
import { vaultDynamic } from 'tokenrelay/sources/vault-dynamic.ts';
import { encodedPath, vaultPath } from 'tokenrelay/vault/paths.ts';
import { describe, expect, it } from 'vitest';
import { faultsOf } from './a-vault-source.ts';

const seed = {
  vault_addr: 'https://vault.example.com:8200',
  vault_role: 'my-vm-app-role',
  vault_path: 'secret/data/my-app/database',
};
const faults = (more: object) => faultsOf(hashicorpVaultKv, { ...seed, ...more });

describe('the settings of a source of Vault', () => {
  it('are complete with an address, a role and a path', () => {
    expect(faults({})).toEqual([]);
    expect(faultsOf(vaultDynamic, { ...seed, vault_path: 'database/creds/app' })).toEqual([]);
  });

  it.each([
    ['plain http', { vault_addr: 'http://vault.example.com:8200' }, 'vault_addr must be an https URL'],
    [
      'an address with a query',
      { vault_addr: 'https://vault.example.com?x=1' },
      'vault_addr must be a URL without a query',
    ],
    ['an invalid namespace', { vault_namespace: 'a//b' }, 'vault_namespace must be a namespace'],
    ['a namespace that breaks its header', { vault_namespace: 'a\r\nx-vault-token: b' }, 'vault_namespace must be'],
    ['a role that leaves its folder', { vault_role: '../other' }, 'vault_role must be the name of a role'],
    ['no role', { vault_role: undefined }, 'vault_role is missing: the role of the login'],
    [
      'a secret id without a role id',
      { vault_role: undefined, auth: { method: 'approle', secret_id: { env: 'A' } } },
      'vault_role is missing',
    ],
    ['another method', { auth: { method: 'userpass' } }, 'auth.method must be approle, jwt, aws or cert'],
    ['a missing JWT', { auth: { method: 'jwt' } }, 'auth.jwt is missing'],
    ['a missing certificate', { auth: { method: 'cert' } }, 'client_certificate is missing'],
    [
      'a mount with the prefix auth/',
      { auth: { method: 'approle', mount: 'auth/approle' } },
      'auth.mount must be the mount path',
    ],
    [
      'two secret ids',
      { auth: { method: 'approle', secret_id: { env: 'A' }, wrapped_secret_id: { env: 'B' } } },
      'auth.wrapped_secret_id must not be given together with secret_id',
    ],
    [
      'a wrapped secret id without a role, whose origin cannot be checked',
      { vault_role: undefined, auth: { method: 'approle', role_id: { env: 'A' }, wrapped_secret_id: { env: 'B' } } },
      'vault_role is missing',
    ],
    ['an invalid region', { auth: { method: 'aws', region: 'x.evil.example/' } }, 'auth.region must be an AWS region'],
    [
      'a secret in place of its reference',
      { auth: { method: 'approle', secret_id: 's3cret' } },
      'auth.secret_id must be a reference',
    ],
  ])('are refused with %s', (_what, more, fault) => {
    expect(faults(more)).toEqual([expect.stringContaining(fault)]);
    expect(faults(more).join()).not.toContain('s3cret');
  });
});

describe('a path in Vault', () => {
  it.each([
    '..',
    'secret/../sys/seal',
    'secret/./app',
    '/secret/app',
    'secret/app/',
    'secret//app',
    'secret/app?version=1',
    'secret/app#x',
    'secret/a\nb',
    'secret/a\\b',
    'v1/secret/app',
    'secret/app.',
    '',
    `${'a/'.repeat(600)}b`,
  ])('is not %j', (path) => {
    expect(vaultPath.safeParse(path).success).toBe(false);
  });

  it('keeps its segments in a URL, whatever they contain', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        (segments) => {
          const path = segments.join('/');
          fc.pre(vaultPath.safeParse(path).success);
          const url = new URL(`https://vault.example.com/v1/${encodedPath(path)}`);
          expect(url.pathname.split('/').slice(2).map(decodeURIComponent).join('/')).toBe(path);
          expect(url.search + url.hash).toBe('');
        },
      ),
    );
  });

  it('does not decode percent signs', () => {
    expect(encodedPath('secret/%2e%2e/sys')).toBe('secret/%252e%252e/sys');
  });
});
