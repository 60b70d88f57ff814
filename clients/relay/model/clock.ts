/** A clock with timers. An interface, so that a test can let an hour pass instantly. */
export interface Clock {
  /** Returns the machine's wall-clock time in milliseconds since the epoch. It may jump. */
  now(): number;
  /** Returns monotonic milliseconds. They may stop while the machine is suspended. */
  elapsed(): number;
  /**
   * Calls back after this many milliseconds of `elapsed`. The timer does not keep the process alive.
   *
   * @returns a function that cancels the timer
   */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

/** Formats a time as RFC 3339 in whole seconds. @param milliseconds since the epoch */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
