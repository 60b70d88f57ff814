import type { Token } from '../model/token.ts';
import type { VaultAnswer, VaultClient } from './client.ts';
import type { Login } from './login.ts';
import { VaultRefusal } from './refusal.ts';

/** What a token of a leased secret keeps of its lease. */
export interface Lease {
  lease_id: string;
  /** As text, for the handle: how long it lasted at first, in seconds. */
  seconds: string;
  /** The login that it was leased with, and ends with. */
  login: string;
  /** `yes`, or absent. */
  renewable?: string;
}

/** When less than this share of a lease is left after a renewal, it has met its maximum. */
const SHORT = 1 / 3;

/**
 * Renews the lease of the token in use.
 *
 * A lease of another login is left alone: it ends when that login does, whatever its renewal would say.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/system/leases#renew-lease
 * @see https://developer.hashicorp.com/vault/docs/concepts/lease#lease-durations-and-renewal
 * @param now milliseconds since the epoch
 * @returns the same token for longer; nothing when a new secret is to be asked for
 * @throws {SourceFailure} when nobody knows
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
    // Gone, or not this role's to renew. In any other case it may still be renewed, and a new one is no better.
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
