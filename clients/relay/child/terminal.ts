import { closeSync, constants, openSync } from 'node:fs';
import { type ProcessEntry, readProcess } from './process-table.ts';

/** Signals that a terminal sends to its whole foreground process group: Ctrl-C, Ctrl-\, resize and hang-up. */
const FROM_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGHUP'];

/**
 * Reports whether the terminal has sent a signal to the child as well, because both are in its foreground. Such a
 * signal must not be forwarded: many programs abort their cleanup at a second Ctrl-C.
 *
 * @param own this process. Without /proc, the signal is forwarded: a duplicate signal is better than a lost one
 */
export function reachedChild(signal: NodeJS.Signals, own = readProcess('self')): boolean {
  return FROM_TERMINAL.includes(signal) && own !== undefined && own.terminal !== 0 && own.group === own.foreground;
}

/** Reports whether this process has a controlling terminal. */
export function hasTerminal(own: ProcessEntry | undefined = readProcess('self')): boolean {
  if (own !== undefined) return own.terminal !== 0;
  try {
    // Without a controlling terminal, this fails with ENXIO: tty(4).
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
}
