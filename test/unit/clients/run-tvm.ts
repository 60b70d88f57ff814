import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../clients/cli/tvm.ts', import.meta.url));
const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** An identity that nobody has. */
export const credentials = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

export interface Run {
  env?: Record<string, string>;
  stdin?: string;
  cwd?: string;
}

/** Starts `tvm` as a shell would, with nothing of this process's environment but where programs are. */
export function startTvm(args: string[], env: Record<string, string> = {}, cwd?: string): ChildProcess {
  return spawn(program, args, {
    cwd,
    env: {
      PATH: `${modules}.bin${delimiter}${process.env.PATH}`,
      // Spares every run but the first the compiling.
      NODE_COMPILE_CACHE: `${modules}.cache/tvm-tests`,
      HOME: tmpdir(),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  });
}

/** Runs `tvm` to its end. */
export async function runTvm(args: string[], { env, stdin = '', cwd }: Run = {}) {
  const child = startTvm(args, env, cwd);
  if (!child.stdin || !child.stdout || !child.stderr) throw new Error('its streams are pipes');
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {}).end(stdin);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}
