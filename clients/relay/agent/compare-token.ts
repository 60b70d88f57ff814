import { isAlive, isEmpty, type Token } from '../model/token.ts';

/**
 * How a fetched token relates to the token in use. `renewed`: it has different values. `extended`: it has the same
 * values with another expiry, such as a renewed lease, or without an expiry. `unchanged`: it is the same token; some
 * issuers return a token until it expires.
 */
export type Verdict = { kind: 'renewed' | 'extended' | 'unchanged' } | { kind: 'refused'; because: string };

/** Tolerance between equal expiry times, in milliseconds. An issuer that returns the remaining seconds rounds them. */
const ROUNDING = 1_000;

/** The first year with five digits, which RFC 3339 cannot express, in milliseconds since the epoch. */
const END_OF_DATES = Date.UTC(10_000);

/**
 * Compares a fetched token with the token in use.
 *
 * @param now milliseconds since the epoch
 * @param revoked the last token that the issuer revoked. It is refused if the source returns it again
 */
export function evaluate(fetched: Token, inUse: Token | undefined, now: number, revoked?: Token): Verdict {
  if (isEmpty(fetched)) {
    return { kind: 'refused', because: 'its source returned an empty token' };
  }
  if (!Number.isFinite(fetched.fetchedAt) || !((fetched.expiresAt ?? 0) < END_OF_DATES)) {
    return { kind: 'refused', because: 'its source returned a token with an invalid expiry' };
  }
  const hasExpired = (fetched.expiresAt ?? now + 1) <= now;
  // An expired token that its source wants to be used must not replace one that is valid.
  if (hasExpired || (fetched.expiredAt !== undefined && inUse?.expiresAt !== undefined && isAlive(inUse, now))) {
    return { kind: 'refused', because: 'its source returned a token that has already expired; the clocks may differ' };
  }
  if (revoked !== undefined && haveSameValues(fetched, revoked)) {
    return { kind: 'refused', because: 'its source returned the revoked token again' };
  }
  if (inUse === undefined || !haveSameValues(fetched, inUse)) return { kind: 'renewed' };
  if (fetched.expiresAt === undefined || inUse.expiresAt === undefined) return { kind: 'extended' };
  return { kind: Math.abs(fetched.expiresAt - inUse.expiresAt) <= ROUNDING ? 'unchanged' : 'extended' };
}

function haveSameValues({ values: some }: Token, { values: others }: Token): boolean {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name]);
}
