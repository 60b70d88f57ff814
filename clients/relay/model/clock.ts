/** The time, and waiting for it: behind a port, so that a test can let an hour pass at once. */
export interface Clock {
  /** Milliseconds since the epoch, as the machine's clock says: it may jump. */
  now(): number;
  /** Milliseconds that never jump, and may stand still while the machine is suspended. */
  elapsed(): number;
  /**
   * Calls back after this many milliseconds of `elapsed`. It keeps no process alive by itself.
   *
   * @returns takes it back
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

/** A time as RFC 3339 has it, in whole seconds. @param milliseconds since the epoch */
export function rfc3339(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
