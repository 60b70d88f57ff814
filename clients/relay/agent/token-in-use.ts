import type { Token } from '../model/token.ts';
import { before, type Moment, passed, setBack } from './times.ts';

/** The token in use. Times are in milliseconds. */
export interface TokenInUse {
  readonly token: Token;
  /** When the token was requested. */
  readonly since: Moment;
  /** The time from its request to its expiry. Undefined for a token without an expiry. */
  readonly lifetime: number | undefined;
  /** Whether its expiry is known to be computed from a wrong clock. */
  readonly isOfWrongClock: boolean;
}

/** Returns a token as the token in use. */
export function inUseFrom(token: Token, at: Moment): TokenInUse {
  const { fetchedAt, expiresAt } = token;
  return {
    token,
    since: before(at, Math.max(0, at.now - fetchedAt)),
    lifetime: expiresAt === undefined ? undefined : expiresAt - fetchedAt,
    isOfWrongClock: false,
  };
}

/** Returns the time since the token was requested. */
export function ageOf({ since }: TokenInUse, at: Moment): number {
  return passed(since, at);
}

/** Returns the time until expiry, by the clock on which it is sooner. Infinity for a token without an expiry. */
export function leftOf({ lifetime, since }: TokenInUse, at: Moment): number {
  return lifetime === undefined ? Number.POSITIVE_INFINITY : Math.max(0, lifetime - passed(since, at));
}

/** Returns the remaining fraction of the lifetime, from 1 to 0. Always 1 for a token without an expiry. */
export function leftShareOf(inUse: TokenInUse, at: Moment): number {
  return inUse.lifetime === undefined ? 1 : leftOf(inUse, at) / inUse.lifetime;
}

/** If the clock is set back by at least this many milliseconds, it was wrong when the expiry was computed. */
const CLOCK_WAS_WRONG = 30_000;

/** Reports whether the expiry was computed from a wrong clock, if that was not known before. */
export function isFoundOfWrongClock({ since, isOfWrongClock }: TokenInUse, at: Moment): boolean {
  return !isOfWrongClock && setBack(since, at) >= CLOCK_WAS_WRONG;
}
