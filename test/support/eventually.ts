import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats a check until it passes.
 *
 * @param within milliseconds after which the last failure is thrown
 */
export async function eventually<T>(check: () => Promise<T>, within = 15_000): Promise<T> {
  const deadline = Date.now() + within;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(100);
    }
  }
}
