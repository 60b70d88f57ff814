import type { Token } from '../model/token.ts';
import type { VaultAnswer } from './client.ts';
import type { Lease } from './lease.ts';
import type { Login } from './login.ts';
import { textValues } from './values.ts';

/** What was asked for, and as whom. */
interface Question {
  path: string;
  fields: readonly string[] | undefined;
  login: Login;
  /** In milliseconds since the epoch. */
  askedAt: number;
}

/**
 * The token that Vault's answer holds.
 *
 * @throws {SourceFailure} when its values are no texts
 */
export function dynamicToken(answer: VaultAnswer, { path, fields, login, askedAt }: Question): Token {
  const { lease_id, lease_duration, renewable } = answer;
  // Engines write null for what does not apply, such as the session token of a user of AWS.
  const data = Object.fromEntries(Object.entries(answer.data ?? {}).filter(([, value]) => value !== null));
  const values = textValues((fields === undefined && awsKeys(data)) || data, path, fields);
  if (!lease_id) {
    const expiresAt = endOf(data);
    return { values, fetchedAt: askedAt, ...(expiresAt !== undefined && { expiresAt }) };
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
    fetchedAt: askedAt,
    expiresAt: Math.min(askedAt + seconds * 1_000, login.endsAt),
    handle: { ...lease },
  };
}

/**
 * Keys of AWS, under the names that they have in a token. The engine calls the session token `security_token`; newer
 * versions say `session_token` as well.
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
 * When a certificate ends, which has no lease unless its role asks for one: `expiration`, in seconds since the epoch.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/pki#generate-certificate-and-key
 */
function endOf({ certificate, expiration }: Record<string, unknown>): number | undefined {
  return typeof certificate === 'string' && typeof expiration === 'number' ? expiration * 1_000 : undefined;
}
