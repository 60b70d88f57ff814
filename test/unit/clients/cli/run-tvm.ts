import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../../../../clients/cli/tvm.ts', import.meta.url));
const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url));

/** Credentials of an identity that does not exist. */
export const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

export interface Run {
  env?: Record<string, string>;
  stdin?: string;
  cwd?: string;
}

/** Returns an environment that takes only PATH from this process. */
function environment(env: Record<string, string>): Record<string, string> {
  return {
    PATH: `${modules}.bin${delimiter}${process.env.PATH}`,
    // Only the first run compiles the modules.
    NODE_COMPILE_CACHE: `${modules}.cache/tvm-tests`,
    HOME: tmpdir(),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  };
}

/** Starts `tvm` as a shell does. */
export function startTvm(args: string[], env: Record<string, string> = {}, cwd?: string): ChildProcess {
  return spawn(program, args, { cwd, env: environment(env) });
}

/** A Python program that runs a command in a new terminal, and types its first argument when the command asks a question. */
const TERMINAL = `
import os, pty, sys
process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
text, typed = b'', False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    text += part
    if not typed and b'[y/N]' in text:
        typed = True
        os.write(terminal, sys.argv[1].encode())
_, status = os.waitpid(process, 0)
print(os.waitstatus_to_exitcode(status))
print(text.decode())
`;

/**
 * Runs `tvm` in a terminal.
 *
 * @param typed the input at the question, such as `y\n`
 * @returns the exit code, or the negative number of the signal, and the lines of the terminal
 */
export async function runTvmInTerminal(args: string[], typed: string, env: Record<string, string>) {
  const run = promisify(execFile);
  const { stdout } = await run('python3', ['-c', TERMINAL, typed, program, ...args], { env: environment(env) });
  const [code, ...lines] = stdout.split(/\r*\n/);
  return { code: Number(code), lines: lines.filter((line) => line !== '') };
}

/** Runs `tvm` until it exits. */
export async function runTvm(args: string[], { env, stdin = '', cwd }: Run = {}) {
  const child = startTvm(args, env, cwd);
  if (!child.stdin || !child.stdout || !child.stderr) throw new Error('the standard streams must be pipes');
  // A command that does not read its input may exit before the input is written.
  child.stdin.on('error', () => {}).end(stdin);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}
