import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { emulatorTarget } from '#scripts/emulators/target.ts';
import { localDir, node24, root } from '#scripts/tools/paths.mjs';
import { eventually } from '../support/eventually.ts';
import { scratchTable } from '../support/scratch-table.ts';
import { zip } from '../support/zip.ts';

// Observes this file's own LocalStack, with a function and a table, from outside, through Linux's /proc.

/** The folder that it writes to. */
let dir: string;
let starter: ChildProcess;
let endpoint: string;
let before: string[];

beforeAll(async () => {
  before = leftElsewhere();
  mkdirSync(localDir, { recursive: true });
  dir = mkdtempSync(join(localDir, 'life-'));
  // It runs in its own process, so that the test can kill it.
  const start = `
    import { startEmulator } from ${JSON.stringify(join(root, 'scripts', 'emulators', 'emulator.ts'))};
    import { localStack } from ${JSON.stringify(join(root, 'scripts', 'localstack', 'localstack.ts'))};
    console.log((await startEmulator(localStack, { port: 0, dir: ${JSON.stringify(dir)} })).endpoint);
    setInterval(() => {}, 60_000);`;
  starter = spawn(node24, ['--input-type=module', '--eval', start], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (starter.stdout === null) throw new Error('its output cannot be read');
  [endpoint] = await once(createInterface(starter.stdout), 'line');

  const target = emulatorTarget(endpoint);
  const lambda = new LambdaClient(target);
  const FunctionName = 'busy';
  const code = 'export const handler = async (event) => { while (event.forever); };';
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/any',
      Timeout: 900,
      Code: { ZipFile: zip({ 'index.mjs': code }) },
    }),
  );
  await Promise.all([
    scratchTable(new DynamoDBClient(target)),
    waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 0.1 }, { FunctionName }),
  ]);
  // One process waits for its next invocation, and one is running an invocation.
  await lambda.send(
    new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify({ forever: true }) }),
  );
  await eventually(async () => expect(programs()).toContain('node'));
  await lambda.send(new InvokeCommand({ FunctionName }));
});

afterAll(async () => {
  starter.kill('SIGKILL');
  await eventually(async () => expect(programs()).toEqual([]));
  rmSync(dir, { recursive: true });
});

it('it consists of LocalStack, DynamoDB and a process for each of two invocations', () => {
  expect(programs()).toEqual(['java', 'node', 'node', 'python']);
});

it('all of its processes listen only on loopback', () => {
  const addresses = processes().flatMap(listening);
  expect(addresses).toContain(endpoint.replace('http://', ''));
  // The gateway, DynamoDB and a runtime API for each process of a function.
  expect(addresses.length).toBeGreaterThanOrEqual(4);
  expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
});

it('it writes nothing outside its folder', () => {
  expect(leftElsewhere()).toEqual(before);
  // Java writes this file unless an option disables it.
  const watched = processes().filter((pid) => readdirSync('/tmp').some((name) => existsSync(`/tmp/${name}/${pid}`)));
  expect(watched).toEqual([]);
});

it('when its starter is killed, none of its processes remain', async () => {
  expect(programs()).not.toEqual([]);
  starter.kill('SIGKILL');
  await eventually(async () => expect(programs()).toEqual([]), 5000);
});

/** Returns the files that LocalStack, Lambda, DynamoDB, Java and Python write outside their folder by default. */
function leftElsewhere(): string[] {
  const folders = [tmpdir(), '/tmp', '/var/lib', homedir(), join(homedir(), '.cache'), '/var/lib/localstack'];
  const plugin = join(root, 'scripts', 'localstack', 'plugin', 'tvm_localstack');
  return [...new Set(folders), plugin]
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
    .filter((name) => /localstack|lambda|dynamodb|kinesis|plux|hsperfdata|__pycache__/.test(name))
    .sort();
}

/** Returns the processes that have this folder in their command line or environment, except their starters. */
function processes(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === starter.pid) return [];
    return ['cmdline', 'environ'].some((file) => of(pid, file).includes(dir)) ? [pid] : [];
  });
}

/** Returns the programs of those processes: `python3.13` is python. */
function programs(): string[] {
  return processes()
    .map((pid) => basename(readlinkSync(`/proc/${pid}/exe`)).replace(/[\d.]+$/, ''))
    .sort();
}

/** Returns a file of /proc about a process. Empty if the process has exited or belongs to another user. */
function of(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Returns the addresses on which a process listens for TCP connections, as in `127.0.0.1:4566`. */
function listening(pid: number): string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]),
  );
  return ['net/tcp', 'net/tcp6'].flatMap((file) =>
    of(pid, file)
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === '0A' && sockets.has(inode))
      .map(([, local = '']) => addressOf(local)),
  );
}

/** @param local an address and a port in the kernel's format: hexadecimal, each four bytes in reverse order */
function addressOf(local: string): string {
  const [address = '', port = ''] = local.split(':');
  // An IPv4-mapped IPv6 address counts as the IPv4 address.
  const [, four] = /^(?:0{16}FFFF0000)?([0-9A-F]{8})$/.exec(address) ?? [];
  const host = four === undefined ? `[${address}]` : [...Buffer.from(four, 'hex')].reverse().join('.');
  return `${host}:${Number.parseInt(port, 16)}`;
}
