import type { Token } from '../model/token.ts';
import { before, type Moment, passed, setBack } from './times.ts';

/** The token that is in use. Times in milliseconds. */
export interface TokenInUse {
  readonly token: Token;
  /** When it was asked for. */
  readonly since: Moment;
  /** From when it was asked for to its end; absent where it has none. */
  readonly lifetime: number | undefined;
  /** It is known that its end was told by a wrong clock. */
  readonly isOfWrongClock: boolean;
}

/** Takes a token into use. */
export function inUseFrom(token: Token, at: Moment): TokenInUse {
  const { fetchedAt, expiresAt } = token;
  return {
    token,
    since: before(at, Math.max(0, at.now - fetchedAt)),
    lifetime: expiresAt === undefined ? undefined : expiresAt - fetchedAt,
    isOfWrongClock: false,
  };
}

/** Since it was asked for. */
export function ageOf({ since }: TokenInUse, at: Moment): number {
  return passed(since, at);
}

/** Until it ends: by the clock that says it is sooner. Infinity where it has no end. */
export function leftOf({ lifetime, since }: TokenInUse, at: Moment): number {
  return lifetime === undefined ? Number.POSITIVE_INFINITY : Math.max(0, lifetime - passed(since, at));
}

/** What is left of its lifetime, from 1 to 0; always 1 where it has no end. */
export function leftShareOf(inUse: TokenInUse, at: Moment): number {
  return inUse.lifetime === undefined ? 1 : leftOf(inUse, at) / inUse.lifetime;
}

/** A machine’s clock that was set back by more was wrong when it told the token’s end. */
const CLOCK_WAS_WRONG = 30_000;

/** Whether it turns out only now that its end was told by a wrong clock. */
export function isFoundOfWrongClock({ since, isOfWrongClock }: TokenInUse, at: Moment): boolean {
  return !isOfWrongClock && setBack(since, at) >= CLOCK_WAS_WRONG;
}
