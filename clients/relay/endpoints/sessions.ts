import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../model/clock.ts';
import { digestOf } from './same-secret.ts';

/** The longest that a session may last, in seconds: as with IMDSv2. */
export const LONGEST_SESSION = 21_600;

/** Enough for a program that opens one for each of its requests; and few enough to be compared one by one. */
const MOST_SESSIONS = 1_000;

/** Sessions of clients that showed that they know an endpoint's secret. In memory alone. */
export class Sessions {
  readonly #clock: Clock;
  readonly #open: { digest: Buffer; endsAt: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Opens a session. When there are too many, the one that was opened first ends: whoever had it opens another.
   *
   * @param seconds how long it lasts
   * @returns what the client sends from now on
   */
  open(seconds: number): string {
    const now = this.#clock.elapsed();
    this.#open.splice(0, this.#open.length, ...this.#open.filter(({ endsAt }) => now < endsAt));
    if (this.#open.length >= MOST_SESSIONS) this.#open.shift();
    const token = randomBytes(32).toString('base64url');
    this.#open.push({ digest: digestOf(token), endsAt: now + seconds * 1_000 });
    return token;
  }

  /** Whether this is the token of a session that lasts. Each is compared, so that the time tells nothing. */
  isOpen(token: string | undefined): boolean {
    if (token === undefined) return false;
    const sent = digestOf(token);
    const now = this.#clock.elapsed();
    return this.#open.filter(({ digest }) => timingSafeEqual(digest, sent)).some(({ endsAt }) => now < endsAt);
  }
}
