import { rfc3339 } from '../model/clock.ts';
import type { Token } from '../model/token.ts';
import { Unwritable } from './unwritable.ts';

const YEAR_10000 = Date.UTC(10_000);

/**
 * When a token ends, as RFC 3339 writes it, in UTC and whole seconds: `2026-01-31T12:00:00Z`. A part of a second is
 * dropped, so that no reader takes the token for good when it is not.
 *
 * @returns nothing when the source sets no end
 * @throws {Unwritable} for what RFC 3339, section 5.6 cannot write: a year of other than four digits
 */
export function expirationTimestamp({ expiresAt }: Token): string | undefined {
  if (expiresAt === undefined) return;
  if (!(expiresAt >= 0 && expiresAt < YEAR_10000)) throw new Unwritable('it ends at a time that is no date');
  return rfc3339(expiresAt);
}
