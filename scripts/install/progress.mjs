/** How often something that takes a while says that it still goes on, in milliseconds. */
const STILL_GOING_ON = 10_000;

/**
 * Says that something which takes a while begins, that it still goes on, and how long it took when it is done. Whole
 * lines, so that two of them can go on at the same time, and a log shows them at once.
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
 * Does a task, and every ten seconds tells how long it has taken so far.
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
