import type { Clock } from 'tokenrelay/model/clock.ts';

/** A clock that goes when it is told to. */
export interface FakeClock extends Clock {
  /** Lets this many milliseconds pass, and whatever is due in them happen. */
  pass(milliseconds: number): Promise<void>;
  /** Sets the machine’s clock forward (or back, below zero); also what a suspended machine finds when it wakes. */
  set(milliseconds: number): void;
  /** How many timers are set. */
  timers(): number;
  /** How many have fired since the start. */
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

/** Lets everything happen that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
