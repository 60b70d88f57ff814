import type { Clock } from 'tokenrelay/model/clock.ts';

/** A clock that advances only on request. */
export interface FakeClock extends Clock {
  /** Advances the clock by this many milliseconds, and runs the timers that are due. */
  pass(milliseconds: number): Promise<void>;
  /** Sets the wall clock forward, or back with a negative value. Also simulates the wake-up after a suspension. */
  set(milliseconds: number): void;
  /** The number of pending timers. */
  timers(): number;
  /** The number of timers that have fired since the start. */
  fired(): number;
}

export const START = Date.UTC(2026, 0, 1, 12);

export function fakeClock(): FakeClock {
  let elapsed = 0;
  let wall = START;
  let fired = 0;
  const timers = new Set<{ at: number; callback: () => void }>();

  const earliest = () =>
    [...timers].reduce<{ at: number; callback: () => void } | undefined>(
      (first, timer) => (first === undefined || timer.at < first.at ? timer : first),
      undefined,
    );
  const goTo = (moment: number) => {
    wall += moment - elapsed;
    elapsed = moment;
  };

  return {
    now: () => wall,
    elapsed: () => elapsed,
    after(milliseconds, callback) {
      const timer = { at: elapsed + milliseconds, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(milliseconds) {
      const end = elapsed + milliseconds;
      await settle();
      for (let next = earliest(); next !== undefined && next.at <= end; next = earliest()) {
        timers.delete(next);
        goTo(Math.max(elapsed, next.at));
        fired += 1;
        next.callback();
        await settle();
      }
      goTo(end);
    },
    set(milliseconds) {
      wall += milliseconds;
    },
    timers: () => timers.size,
    fired: () => fired,
  };
}

/** Runs all pending microtasks and immediates. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
