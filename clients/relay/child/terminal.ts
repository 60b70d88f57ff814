import { readFileSync } from 'node:fs';

/** Signals that a terminal sends by itself to every process in its foreground: Ctrl-C, Ctrl-\, resizing, hanging up. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP'];

/**
 * Whether a signal has reached the child without this process: both are in the foreground of one terminal. Passed on,
 * it would count twice, and to many programs a second Ctrl-C means to give up cleaning up.
 *
 * @param stat `/proc/self/stat` @see proc_pid_stat(5)
 */
export function reachedChild(signal: NodeJS.Signals, stat = readStat()): boolean {
  if (!FROM_TERMINAL.includes(signal)) return false;
  // The command's name stands in parentheses and may hold any character, a parenthesis too.
  const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return terminal !== undefined && terminal !== '0' && group === foreground;
}

function readStat(): string {
  try {
    return readFileSync('/proc/self/stat', 'utf8');
  } catch {
    // Without /proc nobody can tell; a signal that comes twice is better than one that does not come.
    return '';
  }
}
