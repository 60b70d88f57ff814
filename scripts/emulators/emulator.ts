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

/** An emulator of AWS: what makes one differ from another. */
export interface EmulatorKind {
  /** As its makers write it. */
  name: 'MiniStack' | 'LocalStack';
  /** Absolute path of the Python that it is installed for. */
  python: string;
  /** Its module, whose `main` runs it. */
  module: string;
  /** The path that answers once it is up. */
  health: string;
  /**
   * @param port the TCP port on 127.0.0.1 that it listens on, and no other interface
   * @param dir absolute path of the folder for all it writes, which is there
   */
  environment(port: number, dir: string): NodeJS.ProcessEnv;
  /** Where the deployment makes up for what it does otherwise than AWS. */
  bridges: Bridges;
}

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
 * Starts an emulator on the loopback interface and waits until it answers. Unless released it ends with this process,
 * however that ends.
 *
 * @param options.port the TCP port; 0 takes a free one
 * @param options.dir absolute path of the folder for all it writes: `<dir>/emulator/` and `<dir>/logs/emulator.log`
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
  // It keeps its state in memory; what is here is left over from a run that was killed.
  rmSync(dir, { recursive: true, force: true });
  const [home, temporary] = [path.join(dir, 'home'), path.join(dir, 'tmp')];
  for (const folder of [home, temporary, path.dirname(log)]) mkdirSync(folder, { recursive: true });
  // The functions' code is unpacked below; the project's own package.json would make ES modules of their .js files.
  writeFileSync(path.join(dir, 'package.json'), '{}\n');
  const output = openSync(log, 'w');
  const child = spawn(kind.python, [path.join(import.meta.dirname, 'emulator.py'), kind.module], {
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
      NODE_OPTIONS: `--require=${JSON.stringify(path.join(import.meta.dirname, 'lambda-modules.cjs'))}`,
      // Neither may take containers of others for its own: keep it away from any Docker there may be.
      DOCKER_HOST: `unix://${path.join(dir, 'no-docker.sock')}`,
      ...kind.environment(port, dir),
    },
  });
  closeSync(output);
  // That it could not be started is told by its having no pid.
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
      `Port ${port} ${taken ? 'is taken by another program: stop that one' : 'may not be used'}, or choose another ` +
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
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}

async function release(child: ChildProcess): Promise<void> {
  await new Promise<void>((written) => child.stdin?.end('live on\n', () => written()));
  child.unref();
}
