import { readFileSync } from 'node:fs';

/** Signals that a terminal sends to its whole foreground process group: Ctrl-C, Ctrl-\, resize and hang-up. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP'];

/**
 * Reports whether the terminal has sent a signal to the child as well, because both are in its foreground. Such a
 * signal must not be forwarded: many programs abort their cleanup at a second Ctrl-C.
 *
 * @param stat `/proc/self/stat` @see proc_pid_stat(5)
 */
export function reachedChild(signal: NodeJS.Signals, stat = readStat()): boolean {
  if (!FROM_TERMINAL.includes(signal)) return false;
  // The command's name is in parentheses and may contain any character, including a parenthesis.
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return terminal !== undefined && terminal !== '0' && group === foreground;
}

function readStat(): string {
  try {
    return readFileSync('/proc/self/stat', 'utf8');
  } catch {
    // Without /proc, forward the signal: a duplicate signal is better than a lost one.
    return '';
  }
}
