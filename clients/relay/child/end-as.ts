import { Failure, writeFailure } from '@tvm/terminal/failure.ts';
import { exitCodeOf, exitCodes } from '../failure.ts';
import type { Ending } from './child.ts';

/** Signals that end a process without a core file, in which tokens would be. */
const WITHOUT_CORE: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

const WHY_NOT_STARTED: Record<string, string> = {
  ENOENT: 'it is not found',
  EACCES: 'it may not be run by this user, or is no program',
  E2BIG: 'its arguments and its environment, with the tokens in it, are too large',
};

/**
 * Ends this process as its child ended: by its exit code, by the same signal where that leaves no core file, else by
 * 128 and the signal's number; 127 or 126 as env(1) does, when it could not be started.
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
  // The first process of a container is not ended by its own signals.
  process.exit(exitCodeOf(signal));
}
