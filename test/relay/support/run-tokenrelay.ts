import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The one file that users get; `test/relay-setup.ts` makes it. */
export const tokenrelay = fileURLToPath(new URL('../../../clients/relay/dist/tokenrelay.cjs', import.meta.url));

const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));

/** A `tokenrelay` that runs, and what it has written so far. */
export interface Started {
  process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Waits for its end. @returns its exit code, or the signal that ended it */
  ended: Promise<number | NodeJS.Signals>;
  /** What it logged, from either stream: each line that is a JSON object. */
  logged(): Record<string, unknown>[];
}

/** Starts `tokenrelay` with nothing of this process's environment but where programs are. */
export function startTokenrelay(args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Started {
  const child = spawn(process.execPath, ['--disable-sigusr1', tokenrelay, ...args], {
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

/** Runs `tokenrelay` to its end. */
export async function runTokenrelay(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const started = startTokenrelay(args, env);
  const code = await started.ended;
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

/** Waits until something is so. @throws when it is not within 15 seconds */
export async function until<T>(what: string, isSo: () => T | undefined | false): Promise<T> {
  const end = performance.now() + 15_000;
  for (;;) {
    const found = isSo();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(20);
  }
}

/** A folder with a configuration in it, and a token that the configuration's command prints. */
export interface RelayFolder {
  path: string;
  config: string;
  /** What is in this file is the token `my_app`. */
  issuer: string;
  /** Where `my_app` is written. */
  output: string;
  socket: string;
  /** Sets what the issuer gives from now on: a token that lives for an hour. */
  issue(token: string): void;
  /** Writes the configuration; it may be no configuration at all. */
  configure(configuration: unknown): void;
  /** The text of the output; nothing while there is none. */
  written(): string | undefined;
  /** A configuration of one token of this issuer. */
  configuration(other?: object, token?: object): object;
  remove(): void;
}

/** Makes a folder that only this user may write. */
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

/** The text of a file; nothing while there is none. */
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
