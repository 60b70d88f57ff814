import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CheckFailed } from './check.ts';

const BUNDLE = fileURLToPath(new URL('../clients/relay/dist/tokenrelay.cjs', import.meta.url));
const UNIT = fileURLToPath(new URL('../clients/relay/packaging/systemd/tokenrelay.service', import.meta.url));
const PATIENCE = 30_000;

execFileSync(process.execPath, [fileURLToPath(new URL('../clients/relay/build.mjs', import.meta.url))]);

/** The Node options in the bundle's first line. */
const flags =
  readFileSync(BUNDLE, 'utf8')
    .split('\n', 1)[0]
    ?.split(' ')
    .filter((word) => word.startsWith('--')) ?? [];

/** Returns the environment from the systemd unit, with this run's own folder for compiled code. */
function unitEnvironment(): NodeJS.ProcessEnv {
  const lines = readFileSync(UNIT, 'utf8').matchAll(/^Environment=(.*)$/gm);
  const variables = [...lines].flatMap(([, line = '']) => line.split(' ')).map((one) => one.split('='));
  return { ...Object.fromEntries(variables), NODE_COMPILE_CACHE: compiled };
}
const compiled = mkdtempSync(join(tmpdir(), 'tokenrelay-bench-compiled-'));
process.once('exit', () => rmSync(compiled, { recursive: true }));

/** A running agent: the installed bundle, on this Node. */
export interface RelayAgent {
  process: ChildProcess;
  /** The output of each of its tokens, in the order given. */
  files: string[];
  /** Resident memory in MiB, as reported by the kernel. */
  residentMemory(): number;
  stop(): Promise<void>;
}

/** Starts an agent for these tokens. Each gets a generated name and a JSON file. */
export function startRelayAgent(tokens: readonly object[], env: NodeJS.ProcessEnv = {}): RelayAgent {
  const folder = mkdtempSync(join(tmpdir(), 'tokenrelay-bench-'));
  mkdirSync(join(folder, 'tokens'), { mode: 0o755 });
  const files = tokens.map((_, index) => join(folder, 'tokens', `${index}.json`));
  writeFileSync(join(folder, 'secret'), 'a-client-secret', { mode: 0o600 });
  const config = join(folder, 'config.json');
  const written = tokens.map((token, index) => ({
    name: `token-${index}`,
    ...token,
    output: { file_path: files[index], format: 'json' },
  }));
  const text = JSON.stringify({ tokens: written, log_level: 'error' }).replaceAll('$FOLDER', folder);
  writeFileSync(config, text, { mode: 0o600 });
  const child = spawn(process.execPath, [...flags, BUNDLE, '--config', config], {
    env: { PATH: process.env.PATH, HOME: folder, XDG_RUNTIME_DIR: folder, ...unitEnvironment(), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    process: child,
    files,
    residentMemory() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
    },
    async stop() {
      const ended = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits until a condition is true, and checks it every two milliseconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const late = performance.now() + PATIENCE;
  while (!holds()) {
    if (performance.now() > late) throw new CheckFailed(`${what}: not within ${PATIENCE / 1_000} s`);
    await sleep(2);
  }
}

/** Waits until every token of an agent is written to its file. */
export function untilWritten({ files }: RelayAgent): Promise<void> {
  return until(() => files.every((file) => existsSync(file)), 'an agent writes its tokens');
}
