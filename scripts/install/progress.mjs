import { performance } from 'node:perf_hooks';

/**
 * Says that something which takes a while begins, and how long it took when it is done. Two lines, so that two
 * of them can go on at the same time.
 * @template T
 * @param {string} what as in "npm dependencies"
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export const installing = async (what, task) => {
  const began = performance.now();
  console.error(`Installing ${what} …`);
  const result = await task();
  console.error(`Installed ${what} in ${Math.round((performance.now() - began) / 1000)} s.`);
  return result;
};
