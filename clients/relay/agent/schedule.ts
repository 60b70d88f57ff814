import type { TokenSettings } from '../config/configuration.ts';

/**
 * Fetch times, in milliseconds. `random` is from 0 up to 1, so that a fleet of agents does not fetch at the same time.
 */

/** The configured schedule of a token. */
export interface Schedule {
  /** The fraction of the lifetime after which the token is renewed. */
  readonly share: number;
  /** The maximum time between fetches. */
  readonly interval?: number | undefined;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DEFAULT_SHARE = 0.66;

/** The default interval for a token without an expiry. */
const DEFAULT_INTERVAL = 5 * MINUTE;
/** The minimum wait, so that no response can make the agent loop without a pause. */
export const SHORTEST_WAIT = 250;
/** The longest `Retry-After` that is followed with a token in use, and without one. */
const LONGEST_RETRY_AFTER = 60 * MINUTE;
const LONGEST_RETRY_AFTER_WITHOUT_TOKEN = 10 * MINUTE;
/** How long before the expiry of the token in use its source is asked once more, whatever `Retry-After` says. */
const LAST_CHANCE = 10 * SECOND;
const FIRST_BACKOFF = SECOND;
const HURRIED_BACKOFF = 4 * SECOND;
const LONGEST_BACKOFF = MINUTE;
const JITTER = 0.05;

/** Returns the schedule from the settings of a token. */
export function scheduleOf({
  refresh_at,
  refresh_interval_minutes,
}: Pick<TokenSettings, 'refresh_at' | 'refresh_interval_minutes'>): Schedule {
  return {
    share: refresh_at ?? DEFAULT_SHARE,
    ...(refresh_interval_minutes !== undefined && { interval: refresh_interval_minutes * MINUTE }),
  };
}

/** Returns how long after its request a token is renewed. @param lifetime undefined for a token without an expiry */
export function renewalWait(lifetime: number | undefined, { share, interval }: Schedule, random: number): number {
  const sooner = 1 - JITTER * random;
  if (lifetime === undefined) return (interval ?? DEFAULT_INTERVAL) * sooner;
  const around = share * (1 + JITTER * (2 * random - 1));
  // Keep jitter from moving a fraction close to 1 past the expiry.
  const byLifetime = lifetime * Math.min(around, (1 + share) / 2);
  return Math.max(SHORTEST_WAIT, Math.min(byLifetime, (interval ?? Number.POSITIVE_INFINITY) * sooner));
}

/**
 * Returns the wait after an expired token that its source wants to be used: 5 to 10 minutes, as in the AWS SDKs
 * (`_evaluate_expiration` in botocore/utils.py).
 */
export function expiredWait({ interval = Number.POSITIVE_INFINITY }: Schedule, random: number): number {
  return Math.min(interval, 5 * MINUTE * (1 + random));
}

/** The token in use while fetches fail. */
interface InUse {
  /** The time until the token expires. */
  left: number;
  /** Absent for a token without an expiry. */
  lifetime?: number | undefined;
}

/**
 * Returns the wait after a failure: exponential backoff with full jitter (M. Brooker, “Exponential Backoff And Jitter”,
 * AWS Architecture Blog). The wait is shorter while there is no token or less than a third of its lifetime is left.
 *
 * @param failures the number of failures in a row, including this one
 * @param retryAfter the wait that the issuer asked for. It takes precedence, up to one hour, or ten minutes without a
 * token in use. It never delays all tries past the expiry of the token in use: one is shortly before it, and one is at it
 */
export function retryWait(failures: number, inUse: InUse | undefined, random: number, retryAfter?: number): number {
  if (retryAfter !== undefined && retryAfter > 0) {
    const longest = inUse === undefined ? LONGEST_RETRY_AFTER_WITHOUT_TOKEN : LONGEST_RETRY_AFTER;
    return Math.max(SHORTEST_WAIT, Math.min(retryAfter, longest, untilLastTry(inUse)));
  }
  const untilHurry = untilLastThird(inUse);
  const cap = untilHurry > 0 ? LONGEST_BACKOFF : HURRIED_BACKOFF;
  const backoff = random * Math.min(cap, FIRST_BACKOFF * 2 ** Math.min(failures - 1, 10));
  return Math.max(SHORTEST_WAIT, untilHurry > 0 ? Math.min(backoff, untilHurry) : backoff);
}

/** Returns the time until the last try before the expiry; after that try, until the expiry. */
function untilLastTry(inUse: InUse | undefined): number {
  if (inUse === undefined || inUse.left <= 0) return Number.POSITIVE_INFINITY;
  const { left, lifetime = Number.POSITIVE_INFINITY } = inUse;
  const margin = Math.min(LAST_CHANCE, lifetime / 10);
  return left > margin + SHORTEST_WAIT ? left - margin : left;
}

/** Returns the time until a third of the lifetime is left; 0 after that, or if there is no token. */
function untilLastThird(inUse: InUse | undefined): number {
  if (inUse === undefined) return 0;
  return inUse.lifetime === undefined ? Number.POSITIVE_INFINITY : Math.max(0, inUse.left - inUse.lifetime / 3);
}

/**
 * Returns the wait after an issuer returned the same token again. Some issuers issue a new token only shortly before
 * the old one expires, so the waits get shorter and shorter.
 */
export function askAgainWait(left: number): number {
  return Math.max(SHORTEST_WAIT, Math.min(left / 4, 5 * MINUTE));
}

/** Reports whether the renewal of a token without an expiry is overdue by more than one interval. */
export function isStale(age: number, { interval = DEFAULT_INTERVAL }: Schedule): boolean {
  return age > 2 * interval;
}
