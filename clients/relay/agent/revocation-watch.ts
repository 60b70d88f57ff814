import type { Token } from '../model/token.ts';
import { retryWait } from './schedule.ts';
import { type Deadline, deadlineIn, left, type Moment } from './times.ts';

/** Bounds and default of the wait between revocation checks, in milliseconds. */
const SOONEST = 1_000;
const USUAL = 60_000;
const LATEST = 60 * 60_000;

/** The schedule of revocation checks for a token. The issuer determines the interval. */
export interface RevocationWatch {
  readonly token: Token;
  readonly next: Deadline;
  /** The number of the check in progress, if any. */
  readonly asking: number | undefined;
  /** Failed checks in a row. */
  readonly failures: number;
}

/** Starts to watch a token. The first check is due immediately. @param failures checks of earlier tokens that failed in a row */
export function watchFrom(token: Token, at: Moment, failures: number): RevocationWatch {
  return { token, next: deadlineIn(at, 0), asking: undefined, failures };
}

/** Records a successful check. @param askAgainIn milliseconds until the next check, from the issuer */
export function answered(watch: RevocationWatch, askAgainIn: number, at: Moment): RevocationWatch {
  const wait = Number.isFinite(askAgainIn) ? Math.min(Math.max(SOONEST, askAgainIn), LATEST) : USUAL;
  return { ...watch, next: deadlineIn(at, wait), asking: undefined, failures: 0 };
}

/** Records a failed check. */
export function unanswered(watch: RevocationWatch, random: number, at: Moment): RevocationWatch {
  const failures = watch.failures + 1;
  const wait = retryWait(failures, { left: Number.POSITIVE_INFINITY }, random);
  return { ...watch, next: deadlineIn(at, wait), asking: undefined, failures };
}

/** Returns the milliseconds until the next check. */
export function askDueIn(watch: RevocationWatch | undefined, at: Moment): number {
  return watch === undefined || watch.asking !== undefined ? Number.POSITIVE_INFINITY : left(watch.next, at);
}
