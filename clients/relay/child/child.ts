import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../model/clock.ts';

/** How a child ended. */
export type Ending = { code: number } | { signal: NodeJS.Signals } | { notStarted: NodeJS.ErrnoException };

/** How long a child may take to end before it is killed, in milliseconds. */
const GRACE_MILLISECONDS = 10_000;

/** A running child. */
export interface Child {
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it: SIGTERM, and SIGKILL after a grace of 10 seconds. */
  end(): Promise<Ending>;
}

/** A command and its arguments. */
export type CommandLine = readonly [string, ...string[]];

/** Starts a child that has this process's terminal or pipes for its own. No shell reads its command. */
export function startChild([command, ...args]: CommandLine, env: NodeJS.ProcessEnv, clock: Clock): Child {
  let child: ChildProcess;
  try {
    child = spawn(command, args, { env, stdio: 'inherit' });
  } catch (error) {
    // Node throws what the system says of an environment that is too large, and tells later of what is not found.
    const ended = Promise.resolve({ notStarted: error as NodeJS.ErrnoException });
    return { ended, signal: () => {}, end: () => ended };
  }
  const ended = endingOf(child);
  return {
    ended,
    signal(signal) {
      child.kill(signal);
    },
    async end() {
      child.kill('SIGTERM');
      const forget = clock.after(GRACE_MILLISECONDS, () => child.kill('SIGKILL'));
      try {
        return await ended;
      } finally {
        forget();
      }
    },
  };
}

function endingOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      // Later errors are of signals to a child that is gone.
      if (child.pid === undefined) resolve({ notStarted: error });
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ signal });
      else resolve({ code: code ?? 0 });
    });
  });
}
