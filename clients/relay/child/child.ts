import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { type StartedProcesses, startedProcesses, type Tie } from './started-processes.ts';
import { hasTerminal } from './terminal.ts';

/** How a child exited, or why it was not started. */
export type Ending = { code: number } | { signal: NodeJS.Signals } | { notStarted: NodeJS.ErrnoException };

/** A running child, and everything that it has started. */
export interface Child {
  /** Resolves when the child has exited, and nothing that it started is left. */
  readonly ended: Promise<Ending>;
  /** Reports whether the child itself has exited. */
  hasExited(): boolean;
  /** Sends a signal to the child alone. */
  signal(signal: NodeJS.Signals): void;
  /** Stops the child: SIGTERM to it, and after the grace period SIGKILL to it and to everything that it started. */
  end(): Promise<Ending>;
  /** Sends SIGTERM to the child and everything that it started, without waiting. */
  abandon(): void;
}

/** A command and its arguments. */
export type CommandLine = readonly [string, ...string[]];

export interface ChildOptions {
  command: CommandLine;
  env: NodeJS.ProcessEnv;
  /** How long the child, or what it leaves running, may take to exit after SIGTERM, in milliseconds. */
  grace: number;
  clock: Clock;
  log: Log;
}

/** The variable that marks what a child in a terminal starts. */
const MARK = 'TOKENRELAY_EXEC';

/** The waits between looks at processes that should exit, in milliseconds. */
const FIRST_LOOK = 10;
const LONGEST_LOOK = 200;
/** How long a killed process may take to exit, in milliseconds. One that waits for a device may take longer. */
const LONGEST_KILL = 5_000;

/**
 * Starts a child that inherits this process's standard streams. Runs its command without a shell.
 *
 * Without a terminal, the child leads its own session and process group. With one, it stays in this process's group: a
 * child in another session cannot open /dev/tty, and one in another group cannot read from the terminal.
 */
export function startChild({ command: [command, ...args], env, grace, clock, log }: ChildOptions): Child {
  const inTerminal = hasTerminal();
  const mark = randomBytes(8).toString('hex');
  const tie: Tie = inTerminal ? { kind: 'environment', text: mark } : { kind: 'session' };
  // An agent inside this child adds its own mark, so that its children have both.
  const marked = inTerminal ? { ...env, [MARK]: [env[MARK], mark].filter(Boolean).join(':') } : env;
  let child: ChildProcess;
  try {
    child = spawn(command, args, { env: marked, stdio: 'inherit', detached: !inTerminal });
  } catch (error) {
    // Node throws some errors, such as an environment that is too large, and emits others, such as a missing command.
    const ended = Promise.resolve({ notStarted: error as NodeJS.ErrnoException });
    return { ended, hasExited: () => true, signal: () => {}, end: () => ended, abandon: () => {} };
  }
  const started = child.pid === undefined ? undefined : startedProcesses(child.pid, tie);
  let isGraceOver = false;
  let cancelGrace: (() => void) | undefined;
  const startGrace = () => {
    cancelGrace ??= clock.after(grace, () => {
      isGraceOver = true;
      started?.signal('SIGKILL');
    });
  };

  async function endWithRest(): Promise<Ending> {
    const ending = await endingOf(child);
    if (started !== undefined && started.targets().length > 0) {
      startGrace();
      await endRest(started, () => isGraceOver, log);
    }
    cancelGrace?.();
    return ending;
  }
  const ended = endWithRest();
  const send = (signal: NodeJS.Signals) => {
    // What the child has started loses its parent when the child exits.
    if (signal !== 'SIGWINCH') started?.remember();
    child.kill(signal);
  };
  return {
    ended,
    hasExited: () => child.exitCode !== null || child.signalCode !== null,
    signal: send,
    end() {
      startGrace();
      send('SIGTERM');
      // A stopped process handles no other signal.
      child.kill('SIGCONT');
      return ended;
    },
    abandon: () => started?.signal('SIGTERM'),
  };
}

/** Ends what a child has left running: SIGTERM, and after the grace period SIGKILL until nothing is left. */
async function endRest(started: StartedProcesses, isGraceOver: () => boolean, log: Log): Promise<void> {
  const signalled = new Set<number>();
  let killing: number | undefined;
  for (let wait = FIRST_LOOK; ; wait = Math.min(2 * wait, LONGEST_LOOK)) {
    const targets = started.targets();
    const isLate = killing !== undefined && performance.now() - killing > LONGEST_KILL;
    if (targets.length === 0 || isLate) {
      const left = [...started.forbidden, ...targets];
      if (left.length > 0) log.warn({ processes: left }, 'processes that the child started cannot be ended');
      return;
    }
    if (isGraceOver()) {
      killing ??= performance.now();
      started.signal('SIGKILL', targets);
    } else {
      const newTargets = targets.filter((target) => !signalled.has(target));
      started.signal('SIGTERM', newTargets);
      started.signal('SIGCONT', newTargets);
      for (const target of newTargets) signalled.add(target);
    }
    await sleep(wait);
  }
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
