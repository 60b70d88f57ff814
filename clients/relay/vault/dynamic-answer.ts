import type { Token } from '../model/token.ts';
import type { VaultAnswer } from './client.ts';
import type { Lease } from './lease.ts';
import type { Login } from './login.ts';
import { textValues } from './values.ts';

/** The request that was sent, and its login. */
interface Question {
  path: string;
  fields: readonly string[] | undefined;
  login: Login;
  /** The time of the request, in milliseconds since the epoch. */
  requestedAt: number;
}

/**
 * Reads the token from a Vault response.
 *
 * @throws {SourceFailure} if it has no values, or not those of `fields`
 */
export function dynamicToken(answer: VaultAnswer, { path, fields, login, requestedAt }: Question): Token {
  const { lease_id, lease_duration, renewable } = answer;
  const data = answer.data ?? {};
  const values = textValues((fields === undefined && awsKeys(data)) || data, path, fields);
  if (!lease_id) {
    const expiresAt = endOf(data);
    return { values, fetchedAt: requestedAt, ...(expiresAt !== undefined && { expiresAt }) };
  }
  const seconds = lease_duration ?? 0;
  const lease: Lease = {
    lease_id,
    seconds: String(seconds),
    login: login.id,
    ...(renewable && { renewable: 'yes' }),
  };
  return {
    values,
    fetchedAt: requestedAt,
    expiresAt: Math.min(requestedAt + seconds * 1_000, login.endsAt),
    handle: { ...lease },
  };
}

/**
 * Renames AWS keys to the names of a token's values. The engine returns the session token as `security_token`; newer
 * versions also return `session_token`. Both are null for an IAM user.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/aws#generate-credentials
 */
function awsKeys(data: Record<string, unknown>): Record<string, unknown> | undefined {
  const { access_key, secret_key, session_token, security_token } = data;
  if (typeof access_key !== 'string' || typeof secret_key !== 'string') return undefined;
  const sessionToken = session_token ?? security_token;
  return {
    access_key_id: access_key,
    secret_access_key: secret_key,
    ...(sessionToken !== undefined && sessionToken !== '' && { session_token: sessionToken }),
  };
}

/**
 * Returns the expiry of a certificate, in milliseconds since the epoch. A certificate has a lease only if its role
 * enables that; otherwise `expiration` has the expiry in seconds.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/pki#generate-certificate-and-key
 */
function endOf({ certificate, expiration }: Record<string, unknown>): number | undefined {
  return typeof certificate === 'string' && typeof expiration === 'number' ? expiration * 1_000 : undefined;
}
