import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

/**
 * Logs in with the client certificate that the connection shows anyway.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method
 */
export function certLogin(
  { mount }: Extract<VaultAuth, { method: 'cert' }>,
  { vault_role }: VaultSettings,
): LoginMethod {
  return { mount: mount ?? 'cert', body: async () => (vault_role === undefined ? {} : { name: vault_role }) };
}
