import type { Token } from '../model/token.ts';
import { retryWait } from './schedule.ts';
import { type Deadline, deadlineIn, left, type Moment } from './times.ts';

/** Milliseconds. */
const SOONEST = 1_000;
const USUAL = 60_000;
const LATEST = 60 * 60_000;

/** When an issuer is asked whether a token was revoked: as often as it says. */
export interface RevocationWatch {
  readonly token: Token;
  readonly next: Deadline;
  /** The number of the question that is not answered yet. */
  readonly asking: number | undefined;
  /** In a row. */
  readonly failures: number;
}

/** Watches a token from now on. @param failures of questions about those before it, in a row */
export function watchFrom(token: Token, at: Moment, failures: number): RevocationWatch {
  return { token, next: deadlineIn(at, 0), asking: undefined, failures };
}

/** The issuer answered. @param askAgainIn milliseconds, as the issuer has it */
export function answered(watch: RevocationWatch, askAgainIn: number, at: Moment): RevocationWatch {
  const wait = Number.isFinite(askAgainIn) ? Math.min(Math.max(SOONEST, askAgainIn), LATEST) : USUAL;
  return { ...watch, next: deadlineIn(at, wait), asking: undefined, failures: 0 };
}

/** Nobody knows. */
export function unanswered(watch: RevocationWatch, random: number, at: Moment): RevocationWatch {
  const failures = watch.failures + 1;
  const wait = retryWait(failures, { left: Number.POSITIVE_INFINITY }, random);
  return { ...watch, next: deadlineIn(at, wait), asking: undefined, failures };
}

/** Milliseconds until the issuer is asked again. */
export function askDueIn(watch: RevocationWatch | undefined, at: Moment): number {
  return watch === undefined || watch.asking !== undefined ? Number.POSITIVE_INFINITY : left(watch.next, at);
}
