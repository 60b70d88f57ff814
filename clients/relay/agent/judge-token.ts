import type { Token } from '../model/token.ts';

/**
 * What a fetched token is to the one in use. `renewed`: other values. `extended`: the same values with another end, as
 * of a lease, or still without one. `unchanged`: what was given before, as issuers do that keep it until its end.
 */
export type Verdict = { kind: 'renewed' | 'extended' | 'unchanged' } | { kind: 'refused'; because: string };

/** Ends that differ by no more are one: an issuer that says the seconds left rounds them. */
const ROUNDING = 1_000;

/** From then on years have five digits, which RFC 3339 cannot write; in milliseconds since the epoch. */
const END_OF_DATES = Date.UTC(10_000);

/**
 * @param now milliseconds since the epoch
 * @param revoked the last one that its issuer took back: it must not come back
 */
export function judge(fetched: Token, inUse: Token | undefined, now: number, revoked?: Token): Verdict {
  const values = Object.values(fetched.values);
  if (values.length === 0 || values.some((value) => typeof value !== 'string' || value === '')) {
    return { kind: 'refused', because: 'its source gave an empty token' };
  }
  if (!Number.isFinite(fetched.fetchedAt) || !((fetched.expiresAt ?? 0) < END_OF_DATES)) {
    return { kind: 'refused', because: 'its source gave a token whose end cannot be read' };
  }
  if (fetched.expiresAt !== undefined && fetched.expiresAt <= now) {
    return { kind: 'refused', because: 'its source gave a token that has ended already; the clocks may differ' };
  }
  if (revoked !== undefined && haveSameValues(fetched, revoked)) {
    return { kind: 'refused', because: 'its source gave the token again that was revoked' };
  }
  if (inUse === undefined || !haveSameValues(fetched, inUse)) return { kind: 'renewed' };
  if (fetched.expiresAt === undefined || inUse.expiresAt === undefined) return { kind: 'extended' };
  return { kind: Math.abs(fetched.expiresAt - inUse.expiresAt) <= ROUNDING ? 'unchanged' : 'extended' };
}

function haveSameValues({ values: some }: Token, { values: others }: Token): boolean {
  const names = Object.keys(some);
  return names.length === Object.keys(others).length && names.every((name) => some[name] === others[name]);
}
