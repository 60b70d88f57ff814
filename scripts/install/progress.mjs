/** The time between two reports of a running task, in milliseconds. */
const STILL_GOING_ON = 10_000;

/**
 * Reports the start of a task, that it is still running, and how long it took. Prints whole lines, so that two tasks
 * can run at the same time and a log shows each line at once.
 * @template T
 * @param {string} what as in "npm dependencies"
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export const installing = async (what, task) => {
  const began = performance.now();
  console.error(`Installing ${what} …`);
  const result = await whileTelling(task, (seconds) => console.error(`Installing ${what} … ${seconds} s so far`));
  console.error(`Installed ${what} in ${Math.round((performance.now() - began) / 1000)} s.`);
  return result;
};

/**
 * Runs a task and reports every ten seconds how long it has taken so far.
 * @template T
 * @param {() => Promise<T>} task
 * @param {(seconds: number) => void} tell
 * @returns {Promise<T>}
 */
export const whileTelling = async (task, tell) => {
  const began = performance.now();
  const timer = setInterval(() => tell(Math.round((performance.now() - began) / 1000)), STILL_GOING_ON);
  try {
    return await task();
  } finally {
    clearInterval(timer);
  }
};
