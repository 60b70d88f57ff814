import { hashicorpVaultKv } from 'tokenrelay/sources/hashicorp-vault-kv.ts';
import { vaultDynamic } from 'tokenrelay/sources/vault-dynamic.ts';
import type * as z from 'zod';
import type { DocumentedVault } from '#test/relay/support/vault-of-documented-shape.ts';
import { closingSources, type VaultTools } from '#test/relay/support/vault-tools.ts';

/** A signal that never aborts. */
export const { signal } = new AbortController();

/** An AppRole that the fake Vault server accepts. */
export const appRole = {
  method: 'approle',
  role_id: { insecure_inline: 'role-1' },
  secret_id: { insecure_inline: 'secret-1' },
} as const;

/** Creates sources for a server, and closes them after the test. */
export function vaultSources(vault: DocumentedVault, tools: () => VaultTools) {
  const close = closingSources();
  const settings = (vault_path: string, more: object) => ({
    vault_addr: vault.address,
    vault_path,
    auth: appRole,
    ...more,
  });
  return {
    kv: (path: string, more: object = {}) =>
      close(hashicorpVaultKv.create(hashicorpVaultKv.settings.parse(settings(path, more)), tools())),
    dynamic: (path: string, more: object = {}) =>
      close(vaultDynamic.create(vaultDynamic.settings.parse(settings(path, more)), tools())),
  };
}

/** Returns the errors of settings, each with its path. */
export function faultsOf(kind: { settings: z.ZodType }, given: object): string[] {
  const { error } = kind.settings.safeParse(given);
  return error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
}
