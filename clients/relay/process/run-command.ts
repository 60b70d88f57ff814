import { type ChildProcess, spawn } from 'node:child_process';
import { QuotableFailure } from '../model/reason.ts';

/** The limits and the input of a command. */
export interface CommandLimits {
  /** The timeout, in milliseconds. */
  timeout: number;
  /** The maximum size of standard output and standard error together, in bytes. */
  maxOutput: number;
  /** The complete environment. The agent's own variables are not added. */
  env: NodeJS.ProcessEnv;
  /** The standard input. Default: empty. */
  input?: string;
  /** Aborts the command. */
  signal?: AbortSignal;
}

/** The result of a command: it exited with a code or was killed by a signal. */
export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A command that failed. The message names the command, without its arguments and output. */
export class CommandFailure extends QuotableFailure {
  override readonly name = 'CommandFailure';
}

/**
 * Runs a command without a shell, in the folder `/`, and waits until it has exited and closed its output.
 *
 * The command leads its own process group. When a limit is exceeded, the whole group is killed, including child
 * processes.
 *
 * @throws {CommandFailure} if the command cannot be started, exceeds a limit or is aborted
 */
export function runCommand(argv: readonly string[], options: CommandLimits): Promise<CommandResult> {
  const { timeout, maxOutput, env, input, signal } = options;
  const [command = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new CommandFailure(`${command} was aborted`));
    let child: ChildProcess;
    try {
      child = spawn(command, args, { cwd: '/', env, detached: true, stdio: 'pipe' });
    } catch (error) {
      // Node throws some errors, such as arguments that are too large, and emits others, such as a missing command.
      return reject(new CommandFailure(`${command} could not be started (${(error as NodeJS.ErrnoException).code})`));
    }
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;

    function end(problem: string): void {
      settle();
      killGroup(child.pid);
      // A process that left the group may keep the pipes open. The pipes are undefined if too many files were open.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      reject(new CommandFailure(`${command} ${problem}`));
    }
    const giveUp = () => end('was aborted');
    const timer = setTimeout(() => end(`was killed: it took longer than ${timeout / 1_000} seconds`), timeout);
    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }

    signal?.addEventListener('abort', giveUp);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxOutput) return end(`was killed: it wrote more than ${maxOutput} bytes`);
        output[name].push(chunk);
      });
    }
    child.on('error', ({ code }: NodeJS.ErrnoException) => end(`could not be started (${code})`));
    child.on('close', (code, by) => {
      settle();
      const [stdout, stderr] = [output.stdout, output.stderr].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ code, signal: by, stdout: stdout ?? '', stderr: stderr ?? '' });
    });
    // Ignore errors: a command may exit without reading its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group has already exited.
  }
}
