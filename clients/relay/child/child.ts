import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../model/clock.ts';

/** How a child exited, or why it was not started. */
export type Ending = { code: number } | { signal: NodeJS.Signals } | { notStarted: NodeJS.ErrnoException };

/** How long a child may take to exit before it is killed, in milliseconds. */
const GRACE_MILLISECONDS = 10_000;

/** A running child. */
export interface Child {
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
  /** Stops the child: SIGTERM, then SIGKILL after 10 seconds. */
  end(): Promise<Ending>;
}

/** A command and its arguments. */
export type CommandLine = readonly [string, ...string[]];

/** Starts a child that inherits this process's standard streams. Runs its command without a shell. */
export function startChild([command, ...args]: CommandLine, env: NodeJS.ProcessEnv, clock: Clock): Child {
  let child: ChildProcess;
  try {
    child = spawn(command, args, { env, stdio: 'inherit' });
  } catch (error) {
    // Node throws some errors, such as an environment that is too large, and emits others, such as a missing command.
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
      // Errors after the start concern signals to a child that has exited.
      if (child.pid === undefined) resolve({ notStarted: error });
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve({ signal });
      else resolve({ code: code ?? 0 });
    });
  });
}
