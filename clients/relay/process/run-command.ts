import { type ChildProcess, spawn } from 'node:child_process';
import { QuotableFailure } from '../model/reason.ts';

/** What a command may take and use. */
export interface CommandLimits {
  /** How long it may take in all, in milliseconds. */
  timeout: number;
  /** How much it may write, to its standard output and standard error together, in bytes. */
  maxOutput: number;
  /** Its whole environment: nothing of the agent's own is added. */
  env: NodeJS.ProcessEnv;
  /** What it reads on its standard input. Default: nothing. */
  input?: string;
  /** Gives up. */
  signal?: AbortSignal;
}

/** How a command ended: by itself with a code, or by a signal. */
export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Why a command has no result: a sentence that names the command, and nothing of its arguments or its output. */
export class CommandFailure extends QuotableFailure {
  override readonly name = 'CommandFailure';
}

/**
 * Runs a command without a shell, in the folder `/`, and waits until it has ended and closed its output.
 *
 * It leads a process group of its own. At its limits the whole group is killed, so that nothing that it started is left.
 *
 * @throws {CommandFailure} when it cannot be started, takes too long, writes too much or is given up
 */
export function runCommand(argv: readonly string[], options: CommandLimits): Promise<CommandResult> {
  const { timeout, maxOutput, env, input, signal } = options;
  const [command = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new CommandFailure(`${command} was given up`));
    let child: ChildProcess;
    try {
      child = spawn(command, args, { cwd: '/', env, detached: true, stdio: 'pipe' });
    } catch (error) {
      // Node throws what the system says of arguments that are too large, and tells later of what is not found.
      return reject(new CommandFailure(`${command} could not be started (${(error as NodeJS.ErrnoException).code})`));
    }
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;

    function end(problem: string): void {
      settle();
      killGroup(child.pid);
      // What left the group may hold the pipes open for ever. There are none where too many files were open.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      reject(new CommandFailure(`${command} ${problem}`));
    }
    const giveUp = () => end('was given up');
    const timer = setTimeout(() => end(`was ended: it took longer than ${timeout / 1_000} seconds`), timeout);
    function settle(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }

    signal?.addEventListener('abort', giveUp);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxOutput) return end(`was ended: it wrote more than ${maxOutput} bytes`);
        output[name].push(chunk);
      });
    }
    child.on('error', ({ code }: NodeJS.ErrnoException) => end(`could not be started (${code})`));
    child.on('close', (code, by) => {
      settle();
      const [stdout, stderr] = [output.stdout, output.stderr].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ code, signal: by, stdout: stdout ?? '', stderr: stderr ?? '' });
    });
    // A command need not read its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
