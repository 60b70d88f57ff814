import { SourceFailure } from '../model/source.ts';
import type { VaultClient } from './client.ts';
import { VaultRefusal } from './refusal.ts';

/** Who made a wrapping token, as it must be. */
export interface WrappedSecretId {
  /** Where AppRole is mounted. */
  mount: string;
  role: string;
  namespace?: string | undefined;
}

/**
 * Takes secret ids out of response-wrapping tokens. Such a token can be used once: what was in it is held in memory and
 * given out for as long as the same wrapping token is shown.
 *
 * Before it is used up, it is asked where it was made: a token that was made elsewhere may be one that somebody put in
 * the place of another that they opened.
 *
 * @see https://developer.hashicorp.com/vault/docs/concepts/response-wrapping#response-wrapping-token-validation
 * @see https://developer.hashicorp.com/vault/api-docs/system/wrapping-lookup
 * @see https://developer.hashicorp.com/vault/api-docs/system/wrapping-unwrap
 * @returns throws {SourceFailure} when the token is used up, expired, or made elsewhere
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
        `The wrapping token of the secret id was not made at ${paths[0]}: somebody may have put it in the place of ` +
          'another; it was not used',
      );
    }
    const unwrapped = await client
      .ask({ method: 'POST', path: 'sys/wrapping/unwrap', token: wrappingToken }, signal)
      .catch(usedUp(client));
    const secretId = unwrapped.data?.secret_id;
    if (typeof secretId !== 'string' || secretId === '') {
      throw new SourceFailure('The wrapping token held no secret id');
    }
    opened = { wrappingToken, secretId };
    return secretId;
  };
}

/** In a namespace, a server may or may not name it before the path. */
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
          'used. Unless this agent used it before it was started anew, somebody else has the secret id',
      );
    }
    throw error;
  };
}
