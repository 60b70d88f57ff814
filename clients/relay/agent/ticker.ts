import type { Clock } from '../model/clock.ts';

/** No wait is longer than this many milliseconds: the clock may have been set, or the machine suspended. */
const LONGEST_WAIT = 5_000;

/** The one timer of the agent, however many tokens it keeps. */
export interface Ticker {
  /** Something is different: looks at once. */
  lookNow(): void;
  stop(): void;
}

/**
 * Calls `tick` soon, then whenever something is due, and at least every 5 seconds.
 *
 * @param parts.dueIn milliseconds until something is due
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
