import type { Clock } from 'tokenrelay/model/clock.ts';

/** A clock that a test controls. */
export interface ManualClock extends Clock {
  /** Advances the time, and runs the timers that are due. */
  pass(milliseconds: number): void;
  /** Sets the wall clock forward, without advancing the monotonic clock. */
  jump(milliseconds: number): void;
}

export function manualClock(): ManualClock {
  let elapsed = 0;
  let offset = Date.UTC(2030, 0, 1);
  let waiting: { at: number; callback: () => void }[] = [];
  return {
    now: () => offset + elapsed,
    elapsed: () => elapsed,
    after(milliseconds, callback) {
      const one = { at: elapsed + milliseconds, callback };
      waiting.push(one);
      return () => {
        waiting = waiting.filter((other) => other !== one);
      };
    },
    pass(milliseconds) {
      const end = elapsed + milliseconds;
      for (;;) {
        const [next] = waiting.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        if (next === undefined) break;
        waiting = waiting.filter((other) => other !== next);
        elapsed = next.at;
        next.callback();
      }
      elapsed = end;
    },
    jump(milliseconds) {
      offset += milliseconds;
    },
  };
}
