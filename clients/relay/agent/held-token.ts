import type { Clock } from '../model/clock.ts';
import type { Token } from '../model/token.ts';
import { startStopwatch } from './stopwatch.ts';

/** The token that is in use, and how much of it is left. Times in milliseconds. */
export interface HeldToken {
  readonly token: Token;
  /** From when it was asked for to its end; absent where it has none. */
  readonly lifetime: number | undefined;
  /** Since it was asked for. */
  age(): number;
  /** Until it ends: by the clock that says it is sooner. Infinity where it has no end. */
  left(): number;
  /** What is left of its lifetime, from 1 to 0; always 1 where it has no end. */
  leftShare(): number;
  /** By how much the machine’s clock was set back since: its end was stated by a clock that was wrong. */
  setBack(): number;
}

/** Takes a token into use. */
export function hold(token: Token, clock: Clock): HeldToken {
  const { fetchedAt, expiresAt } = token;
  const stopwatch = startStopwatch(clock, Math.max(0, clock.now() - fetchedAt));
  const lifetime = expiresAt === undefined ? undefined : expiresAt - fetchedAt;
  const left = () => Math.max(0, (lifetime ?? Number.POSITIVE_INFINITY) - stopwatch.passed());
  return {
    token,
    lifetime,
    age: stopwatch.passed,
    left,
    leftShare: () => (lifetime === undefined ? 1 : left() / lifetime),
    setBack: stopwatch.setBack,
  };
}

/** Milliseconds: a machine’s clock that was set back by more was wrong when it told the token’s end. */
const CLOCK_WAS_WRONG = 30_000;

/** Tells, once for each token in use, whether its end was told by a clock that was wrong. */
export function wrongClockNotice(): (inUse: HeldToken | undefined) => boolean {
  let noticed: HeldToken | undefined;
  return (inUse) => {
    if (inUse === undefined || inUse === noticed || inUse.setBack() < CLOCK_WAS_WRONG) return false;
    noticed = inUse;
    return true;
  };
}
