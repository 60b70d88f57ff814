import type { Clock } from './clock.ts';

/** Runs a limited number of tasks at once. The others wait in order of arrival. */
export interface WorkQueue {
  /**
   * Runs a task when its turn comes.
   *
   * @param key the owner of the task. An owner whose last task exceeded the slot has lower priority than the others,
   * and such owners never use every slot
   * @param signal stops waiting
   */
  run<Result>(key: string, work: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/**
 * @param atOnce the maximum number of running tasks
 * @param slot milliseconds after which a running task no longer counts, so that a task that hangs does not block others
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

  /** Waits for a free slot. @returns a function that frees the slot */
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
