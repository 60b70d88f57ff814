/** The longest that a timer can be set for, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * Keeps the process alive although it may have nothing open: the agent's own timers keep nothing alive.
 *
 * @returns ends it
 */
export function holdProcess(): () => void {
  const timer = setInterval(() => {}, LONGEST);
  return () => clearInterval(timer);
}
