import { rfc3339 } from '../model/clock.ts';
import { statedExpiry, type Token } from '../model/token.ts';
import { Unwritable } from './unwritable.ts';

const YEAR_10000 = Date.UTC(10_000);

/**
 * Returns the expiry of a token as RFC 3339 in UTC and whole seconds: `2026-01-31T12:00:00Z`. Rounds down, so that no
 * reader uses the token after its expiry.
 *
 * @returns undefined if the source sets no expiry
 * @throws {Unwritable} if the year does not have four digits (RFC 3339, section 5.6)
 */
export function expirationTimestamp(token: Token): string | undefined {
  const expiresAt = statedExpiry(token);
  if (expiresAt === undefined) return;
  if (!(expiresAt >= 0 && expiresAt < YEAR_10000)) throw new Unwritable('its expiry is not a valid date');
  return rfc3339(expiresAt);
}
