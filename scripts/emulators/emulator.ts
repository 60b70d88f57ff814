import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../tools/failure.mjs';
import { node24, shown } from '../tools/paths.mjs';
import type { Bridges } from './bridges.ts';
import { killEmulator } from './run-record.mjs';

/** The properties of one kind of AWS emulator. */
export interface EmulatorKind {
  /** The name, as its makers write it. */
  name: 'MiniStack' | 'LocalStack';
  /** Absolute path of the Python of the environment that it is installed in. */
  python: string;
  /** The Python module whose `main` runs the emulator. */
  module: string;
  /** The path that responds once the emulator is ready. */
  health: string;
  /**
   * @param port the TCP port to listen on, on 127.0.0.1 only
   * @param dir absolute path of an existing folder for all files that the emulator writes
   */
  environment(port: number, dir: string): NodeJS.ProcessEnv;
  /** Corrects its differences from AWS during the deployment. */
  bridges: Bridges;
}

/** A running emulator of AWS. */
export interface Emulator {
  /** As in `http://127.0.0.1:4566`. */
  endpoint: string;
  port: number;
  pid: number;
  /** Resolves when the emulator has exited, for whatever reason. */
  ended: Promise<void>;
  /** Stops the emulator and every Lambda function it runs, and waits until they have exited. */
  stop(): Promise<void>;
  /** Lets the emulator keep running when this process exits. */
  release(): Promise<void>;
}

/**
 * Starts an emulator on the loopback interface and waits until it responds. Unless released, it stops when this process
 * exits, for whatever reason.
 *
 * @param options.port the TCP port; 0 chooses a free port
 * @param options.dir absolute path of the folder for all files that it writes: `<dir>/emulator/` and
 * `<dir>/logs/emulator.log`
 */
export async function startEmulator(kind: EmulatorKind, options: { port: number; dir: string }): Promise<Emulator> {
  const port = await availablePort(options.port);
  const endpoint = `http://127.0.0.1:${port}`;
  const files = path.join(options.dir, 'emulator');
  const log = path.join(options.dir, 'logs', 'emulator.log');
  const child = launch(kind, port, files, log);
  const { pid } = child;
  if (pid === undefined)
    throw new Failure(
      `${kind.name} could not be started: delete ${shown(path.dirname(path.dirname(kind.python)))} and try again.`,
    );
  const ended = once(child, 'exit').then(() => {});
  const stop = async () => {
    killEmulator(pid);
    await ended;
    rmSync(files, { recursive: true, force: true });
  };
  if (!(await healthy(endpoint + kind.health, child))) {
    await stop();
    throw new Failure(`${kind.name} did not start; its log is ${shown(log)}.`);
  }
  return { endpoint, port, pid, ended, stop, release: () => release(child) };
}

function launch(kind: EmulatorKind, port: number, dir: string, log: string): ChildProcess {
  // The emulator's state is in memory. Files here are left over from a run that was killed.
  rmSync(dir, { recursive: true, force: true });
  const [home, temporary] = [path.join(dir, 'home'), path.join(dir, 'tmp')];
  for (const folder of [home, temporary, path.dirname(log)]) mkdirSync(folder, { recursive: true });
  // The functions' code is unpacked below this folder. The project's package.json would make their .js files ES
  // modules.
  writeFileSync(path.join(dir, 'package.json'), '{}\n');
  const output = openSync(log, 'w');
  const child = spawn(kind.python, [path.join(import.meta.dirname, 'emulator.py'), kind.module], {
    cwd: dir,
    detached: true,
    stdio: ['pipe', output, output],
    // The Lambda functions inherit this environment, so it has no credentials and no endpoint of this process.
    env: {
      PATH: `${path.dirname(node24)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: home,
      TMPDIR: temporary,
      LANG: 'C.UTF-8',
      PYTHONUNBUFFERED: '1',
      NODE_OPTIONS: `--require=${JSON.stringify(path.join(import.meta.dirname, 'lambda-modules.cjs'))}`,
      // Keep the emulator away from a Docker daemon, so that it cannot take other programs' containers for its own.
      DOCKER_HOST: `unix://${path.join(dir, 'no-docker.sock')}`,
      ...kind.environment(port, dir),
    },
  });
  closeSync(output);
  // A missing pid reports a failed start. This listener only prevents an uncaught exception.
  child.once('error', () => {});
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
      `Port ${port} ${taken ? 'is in use by another program: stop that program' : 'may not be used'}, or choose another ` +
        'port with the environment variable TVM_PORT, as in `TVM_PORT=4600 npm start`.',
    );
  }
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function healthy(url: string, child: ChildProcess): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return true;
  }
  return false;
}

async function release(child: ChildProcess): Promise<void> {
  await new Promise<void>((written) => child.stdin?.end('live on\n', () => written()));
  child.unref();
}
