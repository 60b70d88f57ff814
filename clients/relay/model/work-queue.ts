import type { Clock } from './clock.ts';

/** Lets a few works run at once; the others wait in the order in which they came. */
export interface WorkQueue {
  /**
   * Runs this as soon as it is its turn.
   *
   * @param key whose work it is: who overstayed last time stands behind those who did not, and leaves them a place
   * @param signal gives up waiting
   */
  run<Result>(key: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/**
 * @param atOnce how many may run
 * @param slot milliseconds after which a work no longer counts, though it goes on: what hangs must not keep others out
 */
export function workQueue(clock: Clock, { atOnce, slot }: { atOnce: number; slot: number }): WorkQueue {
  const prompt: (() => void)[] = [];
  const slow: (() => void)[] = [];
  const overstayed = new Set<string>();
  const running = { all: 0, slow: 0 };

  const startNext = () => {
    while (running.all < atOnce) {
      const start = prompt.shift() ?? (running.slow < atOnce - 1 ? slow.shift() : undefined);
      if (start === undefined) return;
      start();
    }
  };

  /** @returns leaves the place */
  const turn = (key: string, signal: AbortSignal) =>
    new Promise<() => void>((resolve, reject) => {
      signal.throwIfAborted();
      const isSlow = overstayed.has(key);
      const lane = isSlow ? slow : prompt;
      const count = (change: 1 | -1) => {
        running.all += change;
        if (isSlow) running.slow += change;
      };
      const start = () => {
        signal.removeEventListener('abort', giveUp);
        count(1);
        let counted = true;
        resolve(() => {
          if (!counted) return;
          counted = false;
          count(-1);
          startNext();
        });
      };
      const giveUp = () => {
        lane.splice(lane.indexOf(start), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      lane.push(start);
      startNext();
    });

  return {
    async run(key, work, signal) {
      const leave = await turn(key, signal);
      overstayed.delete(key);
      const stopCounting = clock.after(slot, () => {
        overstayed.add(key);
        leave();
      });
      try {
        return await work();
      } finally {
        stopCounting();
        leave();
      }
    },
  };
}
