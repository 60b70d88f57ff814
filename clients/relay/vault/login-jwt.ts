import { SourceFailure, type SourceTools } from '../model/source.ts';
import { secretOf } from '../settings/secret-reference.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

/**
 * Logs in with a JWT. Reads the JWT again for each login, since it is short-lived and replaced regularly.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/jwt#jwt-login
 */
export function jwtLogin(
  auth: Extract<VaultAuth, { method: 'jwt' }>,
  { vault_role }: VaultSettings,
  tools: SourceTools,
): LoginMethod {
  const reference = secretOf(auth, 'jwt');
  return {
    mount: auth.mount ?? 'jwt',
    async body() {
      if (reference === undefined) throw new SourceFailure('auth.jwt is missing');
      return { ...(vault_role !== undefined && { role: vault_role }), jwt: (await tools.secret(reference)).trim() };
    },
  };
}
