import type { Token } from '../model/token.ts';
import type { VaultAnswer, VaultClient } from './client.ts';
import type { Login } from './login.ts';
import { VaultRefusal } from './refusal.ts';

/** The lease of a secret, stored in the handle of its token. */
export interface Lease {
  lease_id: string;
  /** The initial duration in seconds, as text. */
  seconds: string;
  /** The id of the login that created the lease. The lease expires with the login. */
  login: string;
  /** `yes`, or absent. */
  renewable?: string;
}

/** If a renewal grants less than this fraction of the initial duration, the lease has reached its maximum TTL. */
const SHORT = 1 / 3;

/**
 * Renews the lease of the token in use.
 *
 * Does not renew a lease of another login, because it expires with that login.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/system/leases#renew-lease
 * @see https://developer.hashicorp.com/vault/docs/concepts/lease#lease-durations-and-renewal
 * @param now milliseconds since the epoch
 * @returns the same token with a later expiry, or undefined if a new secret must be requested
 * @throws {SourceFailure} if it is unknown whether the lease can be renewed
 */
export async function renewedLease(
  client: VaultClient,
  previous: Token | undefined,
  login: Login,
  now: number,
  signal: AbortSignal,
): Promise<Token | undefined> {
  const { lease_id, seconds, renewable, login: of } = previous?.handle ?? {};
  if (previous === undefined || lease_id === undefined || !renewable || of !== login.id) return undefined;
  if (previous.expiresAt !== undefined && previous.expiresAt <= now) return undefined;
  const body = { lease_id, increment: Number(seconds) };
  let answer: VaultAnswer;
  try {
    answer = await client.ask({ method: 'POST', path: 'sys/leases/renew', token: login.token, body }, signal);
  } catch (error) {
    // The lease has expired, or this role may not renew it. After any other error, a later renewal may succeed.
    if (error instanceof VaultRefusal && [400, 403, 404, 405].includes(error.status)) return undefined;
    throw error;
  }
  const granted = answer.lease_duration ?? 0;
  if (granted < Number(seconds) * SHORT) return undefined;
  const { renewable: _, ...rest } = previous.handle ?? {};
  return {
    ...previous,
    fetchedAt: now,
    expiresAt: Math.min(now + granted * 1_000, login.endsAt),
    handle: { ...rest, ...(answer.renewable && { renewable }) },
  };
}
