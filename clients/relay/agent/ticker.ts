import type { Clock } from '../model/clock.ts';

/** The maximum wait in milliseconds, in case the clock was set or the machine was suspended. */
const LONGEST_WAIT = 5_000;

/** The agent's single timer, shared by all tokens. */
export interface Ticker {
  /** Ticks immediately, because something has changed. */
  lookNow(): void;
  stop(): void;
}

/**
 * Calls `tick` immediately, then whenever something is due, and at least every 5 seconds.
 *
 * @param parts.dueIn returns the milliseconds until something is due
 */
export function startTicker(clock: Clock, { dueIn, tick }: { dueIn(): number; tick(): void }): Ticker {
  let cancel = () => {};
  let isSoon = false;
  let stopped = false;

  function tickAfter(wait: number): void {
    cancel();
    if (stopped) return;
    cancel = clock.after(wait, () => {
      isSoon = false;
      tick();
      if (!isSoon) tickAfter(Math.ceil(Math.min(dueIn(), LONGEST_WAIT)));
    });
  }
  function lookNow(): void {
    if (isSoon) return;
    isSoon = true;
    tickAfter(0);
  }

  lookNow();
  return {
    lookNow,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
