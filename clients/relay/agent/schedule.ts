import type { TokenSettings } from '../config/configuration.ts';

/** When to fetch. All times in milliseconds; `random` is a number from 0 up to 1, so that a fleet does not march in step. */

/** What the configuration says of when a token is fetched. */
export interface Schedule {
  /** The share of its lifetime after which it is fetched anew. */
  readonly share: number;
  /** Fetch it at least this often. */
  readonly interval?: number | undefined;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DEFAULT_SHARE = 0.66;

/** How often a token is fetched that has no end, where nothing else is said. */
const DEFAULT_INTERVAL = 5 * MINUTE;
/** So that no answer, however odd, makes the agent spin. */
export const SHORTEST_WAIT = 250;
const LONGEST_RETRY_AFTER = 60 * MINUTE;
const FIRST_BACKOFF = SECOND;
const HURRIED_BACKOFF = 4 * SECOND;
const LONGEST_BACKOFF = MINUTE;
const JITTER = 0.05;

/** As the configuration has it. */
export function scheduleOf({
  refresh_at,
  refresh_interval_minutes,
}: Pick<TokenSettings, 'refresh_at' | 'refresh_interval_minutes'>): Schedule {
  return {
    share: refresh_at ?? DEFAULT_SHARE,
    ...(refresh_interval_minutes !== undefined && { interval: refresh_interval_minutes * MINUTE }),
  };
}

/** How long after it was asked for a token is fetched anew. @param lifetime absent: it has no end */
export function renewalWait(lifetime: number | undefined, { share, interval }: Schedule, random: number): number {
  const sooner = 1 - JITTER * random;
  if (lifetime === undefined) return (interval ?? DEFAULT_INTERVAL) * sooner;
  const around = share * (1 + JITTER * (2 * random - 1));
  // Jitter must not carry a share close to 1 over the end.
  const byLifetime = lifetime * Math.min(around, (1 + share) / 2);
  return Math.max(SHORTEST_WAIT, Math.min(byLifetime, (interval ?? Number.POSITIVE_INFINITY) * sooner));
}

/** What is in use while fetches fail. */
interface InUse {
  /** Until it ends. */
  left: number;
  /** Absent: it has no end. */
  lifetime?: number | undefined;
}

/**
 * How long to wait after a failure: full jitter (M. Brooker, “Exponential Backoff And Jitter”, AWS Architecture Blog),
 * in a hurry while there is no token or less than a third of its lifetime is left.
 *
 * @param failures in a row, this one included
 * @param retryAfter what the issuer asked for, which wins, up to an hour
 */
export function retryWait(failures: number, inUse: InUse | undefined, random: number, retryAfter?: number): number {
  if (retryAfter !== undefined && retryAfter > 0) return Math.min(retryAfter, LONGEST_RETRY_AFTER);
  const untilHurry = untilLastThird(inUse);
  const cap = untilHurry > 0 ? LONGEST_BACKOFF : HURRIED_BACKOFF;
  const backoff = random * Math.min(cap, FIRST_BACKOFF * 2 ** Math.min(failures - 1, 10));
  return Math.max(SHORTEST_WAIT, untilHurry > 0 ? Math.min(backoff, untilHurry) : backoff);
}

/** Until less than a third of the lifetime is left; 0 once it is, and where there is no token. */
function untilLastThird(inUse: InUse | undefined): number {
  if (inUse === undefined) return 0;
  return inUse.lifetime === undefined ? Number.POSITIVE_INFINITY : Math.max(0, inUse.left - inUse.lifetime / 3);
}

/**
 * How long to wait where an issuer gave the token again that it gave before: some hold it back until shortly before the
 * end, so it is asked more and more often.
 */
export function askAgainWait(left: number): number {
  return Math.max(SHORTEST_WAIT, Math.min(left / 4, 5 * MINUTE));
}

/** Whether a token without an end should have been replaced long ago: a whole interval more than one has gone by. */
export function isStale(age: number, { interval = DEFAULT_INTERVAL }: Schedule): boolean {
  return age > 2 * interval;
}
