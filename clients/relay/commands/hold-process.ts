/** The maximum delay of a timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * Keeps the process alive, even with no open handle. The agent's own timers are unreferenced and do not.
 *
 * @returns a function that lets the process exit again
 */
export function holdProcess(): () => void {
  const timer = setInterval(() => {}, LONGEST);
  return () => clearInterval(timer);
}
