import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The folder in which test/interop/relay/requirements.txt is installed. */
const bin = fileURLToPath(new URL('../../../.local/relay-clients/bin/', import.meta.url));

/** Why the tests with unmodified clients cannot run here; undefined if they can. */
export const noPythonClients = existsSync(`${bin}python`)
  ? undefined
  : 'the SDKs of test/interop/relay/requirements.txt are not installed; `npm run test:interop` installs them';

/** The result of a program. */
export interface Ran {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs one of the scripts in this folder. @param env its whole environment, except PATH */
export function startPython(script: string, env: NodeJS.ProcessEnv, args: string[] = []): ChildProcess {
  return start(`${bin}python`, [fileURLToPath(new URL(script, import.meta.url)), ...args], env);
}

export async function runPython(
  script: string,
  env: NodeJS.ProcessEnv,
  { args = [], input = '' }: { args?: string[]; input?: string } = {},
): Promise<Ran> {
  return await ended(startPython(script, env, args), input);
}

/** Runs the AWS CLI. */
export async function runAwsCli(args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return await ended(start(`${bin}python`, [`${bin}aws`, ...args], env));
}

/** Runs any program. @param env its whole environment, except PATH */
export async function runCommand(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return await ended(start(file, args, env));
}

/** Runs any program. @param uid the user to run it as, if not the current user */
export async function runProgram(file: string, args: string[], uid?: number): Promise<Ran> {
  return await ended(start(file, args, {}, uid));
}

type ChildProcess = ChildProcessByStdio<Writable, Readable, Readable>;

function start(file: string, args: string[], env: NodeJS.ProcessEnv, uid?: number): ChildProcess {
  return spawn(file, args, {
    env: { PATH: process.env.PATH, ...env },
    cwd: uid === undefined ? undefined : '/',
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
}

async function ended(child: ChildProcess, input = ''): Promise<Ran> {
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, output, errors };
}

/** A program that prints a line for each input line. */
export function conversation(child: ChildProcess): { next(): Promise<unknown>; say(): void; end(): Promise<void> } {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the program exited: ${await text(child.stderr)}`);
      return JSON.parse(value);
    },
    say: () => void child.stdin.write('\n'),
    async end() {
      const exit = once(child, 'exit');
      child.stdin.end();
      await exit;
    },
  };
}
