import { SourceFailure } from '../model/source.ts';
import type { VaultClient } from './client.ts';
import { VaultRefusal } from './refusal.ts';

/** The expected origin of a wrapping token. */
export interface WrappedSecretId {
  /** The mount path of AppRole. */
  mount: string;
  role: string;
  namespace?: string | undefined;
}

/**
 * Returns a function that unwraps secret ids from response-wrapping tokens. A wrapping token is single-use, so the
 * secret id is cached in memory while the same wrapping token is given.
 *
 * Before it unwraps a token, the function checks the token's creation path: an attacker who unwrapped the original
 * token may have replaced it with a token from another path.
 *
 * @see https://developer.hashicorp.com/vault/docs/concepts/response-wrapping#response-wrapping-token-validation
 * @see https://developer.hashicorp.com/vault/api-docs/system/wrapping-lookup
 * @see https://developer.hashicorp.com/vault/api-docs/system/wrapping-unwrap
 * @returns throws {SourceFailure} if the token was used, has expired, or has another creation path
 */
export function unwrapper(
  client: VaultClient,
  expected: WrappedSecretId,
): (wrappingToken: string, signal: AbortSignal) => Promise<string> {
  const paths = creationPaths(expected);
  let opened: { wrappingToken: string; secretId: string } | undefined;
  return async (wrappingToken, signal) => {
    if (opened?.wrappingToken === wrappingToken) return opened.secretId;
    const { data } = await client
      .ask({ method: 'POST', path: 'sys/wrapping/lookup', body: { token: wrappingToken } }, signal)
      .catch(usedUp(client));
    if (typeof data?.creation_path !== 'string' || !paths.includes(data.creation_path)) {
      throw new SourceFailure(
        `the wrapping token of the secret id was not created at ${paths[0]}: it may have been substituted, so it was ` +
          'not used',
      );
    }
    const unwrapped = await client
      .ask({ method: 'POST', path: 'sys/wrapping/unwrap', token: wrappingToken }, signal)
      .catch(usedUp(client));
    const secretId = unwrapped.data?.secret_id;
    if (typeof secretId !== 'string' || secretId === '') {
      throw new SourceFailure('the wrapping token contained no secret id');
    }
    opened = { wrappingToken, secretId };
    return secretId;
  };
}

/** Returns the accepted creation paths. Servers may put the namespace before the path. */
function creationPaths({ mount, role, namespace }: WrappedSecretId): string[] {
  const own = [`auth/${mount}/role/${role}/secret-id`, `auth/${mount}/role/${role}/custom-secret-id`];
  const prefix = namespace === undefined ? undefined : namespace.replace(/\/?$/, '/');
  return prefix === undefined ? own : [...own, ...own.map((path) => prefix + path)];
}

function usedUp(client: VaultClient): (error: unknown) => never {
  return (error) => {
    if (error instanceof VaultRefusal && [400, 403, 404].includes(error.status)) {
      throw new SourceFailure(
        `${client.name} does not know the wrapping token of the secret id (${error.status}): it has expired or was ` +
          'used. Unless this agent used it before a restart, someone else has the secret id',
      );
    }
    throw error;
  };
}
