import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import { type SecretReference, secretOf } from '../settings/secret-reference.ts';
import type { VaultClient } from './client.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';
import { unwrapper } from './wrapped-secret-id.ts';

/**
 * Logs in with AppRole: `role_id` and `secret_id`.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/approle#login-with-approle
 */
export function appRoleLogin(
  auth: Extract<VaultAuth, { method: 'approle' }>,
  { vault_role, vault_namespace }: VaultSettings,
  client: VaultClient,
  tools: SourceTools,
): LoginMethod {
  const mount = auth.mount ?? 'approle';
  const wrapped = secretOf(auth, 'wrapped_secret_id');
  const unwrap = unwrapper(client, { mount, role: vault_role ?? '', namespace: vault_namespace });
  const secret = async (name: 'role_id' | 'secret_id') =>
    // Trim whitespace: some tools leave a carriage return at the end of the file.
    (await tools.secret(secretOf(auth, name) ?? (await byConvention(vault_role, name, tools)))).trim();
  return {
    mount,
    async body(signal) {
      const secretId =
        wrapped === undefined ? await secret('secret_id') : await unwrap((await tools.secret(wrapped)).trim(), signal);
      return { role_id: await secret('role_id'), secret_id: secretId };
    },
  };
}

/**
 * Returns the default location of an id: the systemd credential ROLE.role_id (or ROLE.secret_id) if it exists, else
 * `secrets/ROLE.role_id` in the configuration's folder. The two ids are located independently, because often only the
 * secret id is a systemd credential.
 */
async function byConvention(
  role: string | undefined,
  name: string,
  { configFolder, credentialsFolder }: SourceTools,
): Promise<SecretReference> {
  if (role === undefined) throw new SourceFailure(`set vault_role or auth.${name}`);
  const file = `${role}.${name}`;
  if (credentialsFolder !== undefined && (await isThere(join(credentialsFolder, file)))) return { credential: file };
  return { file: join(configFolder, 'secrets', file) };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
