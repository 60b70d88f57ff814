import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import { type SecretReference, secretOf } from '../settings/secret-reference.ts';
import type { VaultClient } from './client.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';
import { unwrapper } from './wrapped-secret-id.ts';

/**
 * Logs in with AppRole: `role_id`, and `secret_id` unless the configuration has only a role id.
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
  // Trim whitespace: some tools leave a carriage return at the end of the file.
  const read = async (reference: SecretReference) => (await tools.secret(reference)).trim();
  const secretId = async (signal: AbortSignal) => {
    if (wrapped !== undefined) return await unwrap(await read(wrapped), signal);
    const given = secretOf(auth, 'secret_id');
    if (given !== undefined) return await read(given);
    // A role with bind_secret_id=false has no secret id. It is expected if the role id is at its default location, too.
    if (roleId !== undefined && (vault_role === undefined || !(await isAtDefault(vault_role, 'secret_id', tools))))
      return undefined;
    return await read(await byConvention(vault_role, 'secret_id', tools));
  };
  const roleId = secretOf(auth, 'role_id');
  return {
    mount,
    async body(signal) {
      const secret_id = await secretId(signal);
      const role_id = await read(roleId ?? (await byConvention(vault_role, 'role_id', tools)));
      return { role_id, ...(secret_id !== undefined && { secret_id }) };
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

/** Reports whether there is an id at one of its default locations. */
async function isAtDefault(role: string, name: string, tools: SourceTools): Promise<boolean> {
  const reference = await byConvention(role, name, tools);
  return 'credential' in reference || (await isThere(join(tools.configFolder, 'secrets', `${role}.${name}`)));
}

/** Reports whether there is something at a path, even if it cannot be read: reading it then tells why. */
function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );
}
