import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../model/clock.ts';
import { digestOf } from './same-secret.ts';

/** The maximum TTL of a session, in seconds, as in IMDSv2. */
export const LONGEST_SESSION = 21_600;

/** The maximum number of sessions. Enough for programs that open one per request, and few enough to compare each. */
const MOST_SESSIONS = 1_000;

/** The sessions of clients that sent an endpoint's secret. Kept only in memory. */
export class Sessions {
  readonly #clock: Clock;
  readonly #open: { digest: Buffer; endsAt: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Opens a session. If there are too many, drops the oldest one; its client has to open another.
   *
   * @param seconds the TTL of the session
   * @returns the session token that the client sends with its requests
   */
  open(seconds: number): string {
    const now = this.#clock.elapsed();
    this.#open.splice(0, this.#open.length, ...this.#open.filter(({ endsAt }) => now < endsAt));
    if (this.#open.length >= MOST_SESSIONS) this.#open.shift();
    const token = randomBytes(32).toString('base64url');
    this.#open.push({ digest: digestOf(token), endsAt: now + seconds * 1_000 });
    return token;
  }

  /** Reports whether this is the token of a valid session. Compares all of them, in constant time. */
  isOpen(token: string | undefined): boolean {
    if (token === undefined) return false;
    const sent = digestOf(token);
    const now = this.#clock.elapsed();
    return this.#open.filter(({ digest }) => timingSafeEqual(digest, sent)).some(({ endsAt }) => now < endsAt);
  }
}
