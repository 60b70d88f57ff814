import { Failure, writeFailure } from '@tvm/terminal/failure.ts';
import { exitCodeOf, exitCodes } from '../failure.ts';
import type { Ending } from './child.ts';

/** Signals that end a process without a core dump, which would contain tokens. */
const WITHOUT_CORE: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

const WHY_NOT_STARTED: Record<string, string> = {
  ENOENT: 'it was not found',
  EACCES: 'this user may not run it, or it is not a program',
  E2BIG: 'its arguments and its environment with the tokens are too large',
};

/**
 * Exits like the child: with its exit code, or by the same signal if that leaves no core dump, else with 128 plus the
 * signal's number. If the child could not be started, exits with 127 or 126, like env(1).
 */
export function endAs(ending: Ending, command: string): never {
  if ('code' in ending) process.exit(ending.code);
  if ('notStarted' in ending) {
    const { code } = ending.notStarted;
    const why = WHY_NOT_STARTED[code ?? ''] ?? `${code}`;
    const details = { code: 'not_started', exitCode: exitCodes.usage };
    writeFailure(new Failure(`${command} cannot be started: ${why}`, details), 'text', 'tokenrelay');
    process.exit(code === 'ENOENT' ? 127 : 126);
  }
  const { signal } = ending;
  if (WITHOUT_CORE.includes(signal)) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  // The init process of a container survives its own signals.
  process.exit(exitCodeOf(signal));
}
