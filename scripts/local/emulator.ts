import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../tools/failure.mjs';
import { node24, shown, venvDir } from '../tools/paths.mjs';
import { killEmulator } from './run-record.mjs';

/** A running emulator of AWS. */
export interface Emulator {
  /** As in `http://127.0.0.1:4566`. */
  endpoint: string;
  port: number;
  pid: number;
  /** Resolves when it has ended, whoever ended it. */
  ended: Promise<void>;
  /** Ends it with every Lambda function it runs, and waits until they are gone. */
  stop(): Promise<void>;
  /** Lets it live on when this process ends. */
  release(): Promise<void>;
}

/**
 * Starts MiniStack on the loopback interface and waits until it answers. Unless released it ends with this process,
 * however that ends.
 *
 * @param options.port the TCP port; 0 takes a free one
 * @param options.dir absolute path of the folder for all it writes: `<dir>/emulator/` and `<dir>/logs/emulator.log`
 */
export async function startEmulator(options: { port: number; dir: string }): Promise<Emulator> {
  const port = await availablePort(options.port);
  const endpoint = `http://127.0.0.1:${port}`;
  const files = path.join(options.dir, 'emulator');
  const log = path.join(options.dir, 'logs', 'emulator.log');
  const child = launch(port, files, log);
  const { pid } = child;
  if (pid === undefined) throw new Failure('The emulator could not be started: delete .local/venv and try again.');
  const ended = once(child, 'exit').then(() => {});
  const stop = async () => {
    killEmulator(pid);
    await ended;
    rmSync(files, { recursive: true, force: true });
  };
  if (!(await healthy(endpoint, child))) {
    await stop();
    throw new Failure(`The emulator did not start; its log is ${shown(log)}.`);
  }
  return { endpoint, port, pid, ended, stop, release: () => release(child) };
}

function launch(port: number, dir: string, log: string): ChildProcess {
  // It keeps its state in memory; what is here is left over from a run that was killed.
  rmSync(dir, { recursive: true, force: true });
  const [home, temporary] = [path.join(dir, 'home'), path.join(dir, 'tmp')];
  for (const folder of [home, temporary, path.dirname(log)]) mkdirSync(folder, { recursive: true });
  // The functions' code is unpacked below; the project's own package.json would make ES modules of their .js files.
  writeFileSync(path.join(dir, 'package.json'), '{}\n');
  const output = openSync(log, 'w');
  const child = spawn(path.join(venvDir, 'bin', 'python'), [path.join(import.meta.dirname, 'emulator.py')], {
    cwd: dir,
    detached: true,
    stdio: ['pipe', output, output],
    // Its environment leaks into the Lambda functions, so it is given nothing of ours: no credentials, no endpoint.
    env: {
      PATH: `${path.dirname(node24)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: home,
      TMPDIR: temporary,
      LANG: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      GATEWAY_PORT: String(port),
      // It would bind every interface of the machine.
      BIND_HOST: '127.0.0.1',
      // The host in the URLs it hands out. `localhost` may resolve to ::1, where nothing listens.
      MINISTACK_HOST: '127.0.0.1',
      // Check signatures and enforce IAM policies.
      AUTH: 'true',
      LAMBDA_EXECUTOR: 'local',
      NODE_OPTIONS: `--require=${JSON.stringify(path.join(import.meta.dirname, 'lambda-modules.cjs'))}`,
      // It removes containers that it takes for its own: keep it away from any Docker there may be.
      DOCKER_HOST: `unix://${path.join(dir, 'no-docker.sock')}`,
      // Listeners nobody here needs; the first binds every interface.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      PERSIST_STATE: '0',
      S3_PERSIST: '0',
      STATE_DIR: path.join(dir, 'state'),
      S3_DATA_DIR: path.join(dir, 's3'),
    },
  });
  closeSync(output);
  return child;
}

/** @returns the port, or a free one for 0 */
async function availablePort(port: number): Promise<number> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw new Failure(
      `Port ${port} ${taken ? 'is taken by another program: stop that one' : 'may not be used'}, or choose another ` +
        'port with the environment variable TVM_PORT, as in `TVM_PORT=4600 npm start`.',
    );
  }
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function healthy(endpoint: string, child: ChildProcess): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const answer = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}

async function release(child: ChildProcess): Promise<void> {
  await new Promise<void>((written) => child.stdin?.end('live on\n', () => written()));
  child.unref();
}
