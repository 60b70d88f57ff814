import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The single file that users get, built by `test/relay-setup.ts`. */
export const tokenrelay = fileURLToPath(new URL('../../../clients/relay/dist/tokenrelay.cjs', import.meta.url));

const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** A running `tokenrelay`, with its output so far. */
export interface Started {
  process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves when it exits. @returns its exit code, or the signal that killed it */
  ended: Promise<number | NodeJS.Signals>;
  /** Returns its log entries on both outputs: each line that is a JSON object. */
  logged(): Record<string, unknown>[];
}

/**
 * Starts `tokenrelay` with a minimal environment: where programs are.
 *
 * @param before the words of a command that runs another one, such as unshare(1)
 */
export function startTokenrelay(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
  before: readonly string[] = [],
): Started {
  const [program = '', ...words] = [...before, process.execPath, '--disable-sigusr1', tokenrelay, ...args];
  const child = spawn(program, words, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: tmpdir(), NODE_COMPILE_CACHE: `${modules}.cache/tokenrelay-tests`, ...env },
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  return {
    process: child,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
    logged: () => [written.stdout, written.stderr].flatMap(jsonLines),
  };
}

/** Runs `tokenrelay` until it exits. */
export async function runTokenrelay(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const started = startTokenrelay(args, env);
  const code = await started.ended;
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

/** Waits until a condition is true. @throws if it is not true within 15 seconds */
export async function until<T>(what: string, isSo: () => T | undefined | false): Promise<T> {
  const end = performance.now() + 15_000;
  for (;;) {
    const found = isSo();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`timed out waiting for ${what}`);
    await sleep(20);
  }
}

/** A folder with a configuration, whose command prints the token `my_app`. */
export interface RelayFolder {
  path: string;
  config: string;
  /** The file with the value of the token `my_app`. */
  issuer: string;
  /** The file that `my_app` is written to. */
  output: string;
  socket: string;
  /** Sets the token that the issuer returns from now on. It lives for an hour. */
  issue(token: string): void;
  /** Writes the configuration, which may be invalid. */
  configure(configuration: unknown): void;
  /** Returns the text of the output, or undefined if there is none. */
  written(): string | undefined;
  /** Returns a configuration with one token of this issuer. */
  configuration(other?: object, token?: object): object;
  remove(): void;
}

/** Creates a folder that only this user can write. */
export function relayFolder(): RelayFolder {
  const path = mkdtempSync(join(tmpdir(), 'tokenrelay-'));
  const out = join(path, 'out');
  mkdirSync(out, { mode: 0o755 });
  const [config, issuer, output, socket] = [
    join(path, 'config.json'),
    join(path, 'issuer.json'),
    join(out, 'token.json'),
    join(out, 'control.sock'),
  ];
  return {
    path,
    config,
    issuer,
    output,
    socket,
    issue: (token) => writeFileSync(issuer, JSON.stringify({ token, expires_in: 3_600 }), { mode: 0o600 }),
    configure: (configuration) =>
      writeFileSync(config, typeof configuration === 'string' ? configuration : JSON.stringify(configuration), {
        mode: 0o600,
      }),
    written: () => read(output),
    configuration: (other = {}, token = {}) => ({
      tokens: [
        {
          name: 'my_app',
          type: 'exec',
          source: { command: ['/bin/cat', issuer], format: 'json' },
          output: { file_path: output, format: 'json', permissions: '0640' },
          ...token,
        },
      ],
      control: { socket },
      log_level: 'debug',
      ...other,
    }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Returns the text of a file, or undefined if there is none. */
export function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
}
