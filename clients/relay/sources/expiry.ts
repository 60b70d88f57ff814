import { rounded } from '../model/exact-json.ts';
import { SourceFailure } from '../model/source.ts';

/** The latest supported expiry: the end of the last four-digit year, in milliseconds since the epoch. */
const LATEST = Date.UTC(9999, 11, 31);

/** Numbers from here on are read as milliseconds: as seconds, they would be after the year 5000. */
const FIRST_MILLISECONDS = 100_000_000_000;

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Returns when a token with a lifetime expires, such as one from `expires_in` (RFC 6749 4.2.2).
 *
 * @param lifetime seconds, as a number or a decimal string
 * @param from when the token was requested, in milliseconds since the epoch. The token was issued no earlier
 * @returns milliseconds since the epoch, or undefined if `lifetime` is not a number
 */
export function endOfLifetime(lifetime: unknown, from: number): number | undefined {
  const seconds = numberIn(lifetime);
  return seconds === undefined ? undefined : Math.min(from + seconds * 1_000, LATEST);
}

/**
 * Returns when a token with a stated lifetime expires.
 *
 * @param lifetime the `expires_in` of a response
 * @param from see `endOfLifetime`
 * @param issuer the issuer's name for error messages
 * @returns milliseconds since the epoch
 * @throws {SourceFailure} if the lifetime is not a number
 */
export function statedEnd(lifetime: unknown, from: number, issuer: string): number {
  const end = endOfLifetime(lifetime, from);
  if (end === undefined) throw new SourceFailure(`${issuer} returned an expires_in that is not a number of seconds`);
  return end;
}

/**
 * Parses a time: an RFC 3339 timestamp, or seconds or milliseconds since the epoch.
 *
 * @returns milliseconds since the epoch, or undefined if `value` is not a time
 */
export function momentOf(value: unknown): number | undefined {
  const number = numberIn(value);
  if (number !== undefined) return Math.min(number < FIRST_MILLISECONDS ? number * 1_000 : number, LATEST);
  if (typeof value !== 'string' || !RFC_3339.test(value)) return undefined;
  const moment = Date.parse(value.replace(' ', 'T').toUpperCase());
  return Number.isNaN(moment) ? undefined : moment;
}

/**
 * Returns when a token with a stated expiry expires.
 *
 * @param moment see `momentOf`
 * @param field the name of the response field for error messages
 * @param issuer the issuer's name for error messages
 * @returns milliseconds since the epoch
 * @throws {SourceFailure} if `moment` is not a time
 */
export function statedMoment(moment: unknown, field: string, issuer: string): number {
  const end = momentOf(moment);
  if (end === undefined) throw new SourceFailure(`${issuer} returned no ${field}, or one that is not a time`);
  return end;
}

/**
 * Returns the `exp` claim of a JWT (RFC 7519 4.1.4). The JWT is not verified; `exp` only tells when to renew.
 *
 * @returns milliseconds since the epoch, or undefined if the token is not a JWT or has no `exp`
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
 * Rejects a token that has already expired.
 *
 * @param expiresAt milliseconds since the epoch
 * @param now milliseconds since the epoch
 * @param issuer the issuer's name for error messages
 * @throws {SourceFailure} if the token has expired
 */
export function refuseExpired(expiresAt: number | undefined, now: number, issuer: string): void {
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new SourceFailure(`${issuer} returned a token that has already expired`);
  }
}

function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d{1,15}(\.\d{1,9})?$/.test(value) ? Number(value) : rounded(value);
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
