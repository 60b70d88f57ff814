import { SourceFailure } from '../model/source.ts';

/** The last moment that a date with four digits for its year can say; in milliseconds since the epoch. */
const LATEST = Date.UTC(9999, 11, 31);

/** Numbers from here on are milliseconds: as seconds they would lie after the year 5000. */
const FIRST_MILLISECONDS = 100_000_000_000;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * When a token ends that lives for so many seconds, as `expires_in` says (RFC 6749 4.2.2).
 *
 * @param lifetime a number, or its digits as a text
 * @param from when it was asked for, in milliseconds since the epoch: its life began no earlier
 * @returns milliseconds since the epoch; nothing when this is no lifetime
 */
export function endOfLifetime(lifetime: unknown, from: number): number | undefined {
  const seconds = numberIn(lifetime);
  return seconds === undefined ? undefined : Math.min(from + seconds * 1_000, LATEST);
}

/**
 * The moment that a text or a number says: RFC 3339 with its offset, or seconds (or milliseconds) since the epoch.
 *
 * @returns milliseconds since the epoch; nothing when this is no moment
 */
export function momentOf(value: unknown): number | undefined {
  const number = numberIn(value);
  if (number !== undefined) return Math.min(number < FIRST_MILLISECONDS ? number * 1_000 : number, LATEST);
  if (typeof value !== 'string' || !RFC_3339.test(value)) return undefined;
  const moment = Date.parse(value.replace(' ', 'T').toUpperCase());
  return Number.isNaN(moment) ? undefined : moment;
}

/**
 * The `exp` of a token that is a JWT (RFC 7519 4.1.4). It is a hint for when to renew: nobody verified it.
 *
 * @returns milliseconds since the epoch; nothing when it is no JWT or does not say
 */
export function endOfJwt(token: string): number | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? claims.exp : undefined;
    return typeof exp === 'number' ? endOfLifetime(exp, 0) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Takes no token that has ended already.
 *
 * @param expiresAt and `now`: milliseconds since the epoch
 * @param issuer how sentences call who gave it
 * @throws {SourceFailure}
 */
export function refuseExpired(expiresAt: number | undefined, now: number, issuer: string): void {
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new SourceFailure(`${issuer} gave a token that has already expired`);
  }
}

function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
