import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Started, startTokenrelay } from './run-tokenrelay.ts';
import { freePort } from './scripted-issuer.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/relay/', import.meta.url));
/** The ports in the files of the cases: of their server, and of the program that a case runs. */
const [SERVER_PORT, PROGRAM_PORT] = ['14704', '14799'];

/** A copy of the cases in `test/fixtures/relay`, and their server on loopback. */
export interface GivenCases {
  folder: string;
  /** The port of the server. */
  port: number;
  /** The port of the program that a case runs. */
  programPort: number;
  /** Returns a path in the folder. */
  at(...names: string[]): string;
  /** Returns the path of a case, by the start of its name, such as `03`. */
  file(start: string): string;
  /** Returns the requests to the server so far: seconds since the epoch, method and path. */
  requests(): [time: number, method: string, path: string][];
  /** Starts `tokenrelay` with a case. `inNamespace`: shell commands to run first, in a mount namespace of its own. */
  start(args: readonly string[], options?: { inNamespace?: string }): Started;
  close(): Promise<void>;
}

export async function givenCases(): Promise<GivenCases> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenrelay-cases-'));
  const [port, programPort] = [await freePort(), await freePort()];
  for (const name of readdirSync(FIXTURES)) {
    copyFileSync(join(FIXTURES, name), join(folder, name));
    const text = readFileSync(join(folder, name), 'utf8')
      .replaceAll('CASES', folder)
      .replaceAll(SERVER_PORT, `${port}`)
      .replaceAll(PROGRAM_PORT, `${programPort}`);
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  }
  for (const name of ['secret', 'role_id', 'secret_id']) writeFileSync(join(folder, name), name, { mode: 0o600 });
  for (const name of ['out', 'full']) mkdirSync(join(folder, name), { mode: 0o755 });
  const server = spawn('python3', ['-W', 'ignore', join(folder, 'server.py'), `${port}`], { stdio: 'ignore' });
  const started: Started[] = [];
  await untilListening(port);
  return {
    folder,
    port,
    programPort,
    at: (...names) => join(folder, ...names),
    file(start) {
      const name = readdirSync(folder).find((one) => one.startsWith(start) && one.endsWith('.yaml'));
      if (name === undefined) throw new Error(`there is no case ${start}`);
      return join(folder, name);
    },
    requests() {
      const lines = readFileSync(join(folder, 'server.log'), 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line).slice(0, 3));
    },
    start(args, { inNamespace } = {}) {
      const before = inNamespace === undefined ? [] : namespaced(inNamespace);
      const agent = startTokenrelay(args, {}, undefined, before);
      started.push(agent);
      return agent;
    },
    async close() {
      for (const { process } of started) process.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      server.kill();
      await once(server, 'exit');
      rmSync(folder, { recursive: true });
    },
  };
}

/** The words before a command that runs it in a mount namespace of its own, after shell commands. */
function namespaced(shell: string): string[] {
  return ['unshare', '--mount', 'sh', '-c', `${shell} && exec "$@"`, 'sh'];
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await fetch(`http://127.0.0.1:${port}/api/plain`);
      return;
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
