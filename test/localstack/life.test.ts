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

// A LocalStack of this file's own, with a function and a table, looked at from outside by what Linux says in /proc.

/** Where it writes. */
let dir: string;
let starter: ChildProcess;
let endpoint: string;
let before: string[];

beforeAll(async () => {
  before = leftElsewhere();
  mkdirSync(localDir, { recursive: true });
  dir = mkdtempSync(join(localDir, 'life-'));
  // In a process of its own, so that it can be killed.
  const start = `
    import { startEmulator } from ${JSON.stringify(join(root, 'scripts', 'local', 'emulator.ts'))};
    import { localStack } from ${JSON.stringify(join(root, 'scripts', 'localstack', 'localstack.ts'))};
    console.log((await startEmulator(localStack, { port: 0, dir: ${JSON.stringify(dir)} })).endpoint);
    setInterval(() => {}, 60_000);`;
  starter = spawn(node24, ['--input-type=module', '--eval', start], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (starter.stdout === null) throw new Error('nothing can be read of it');
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
  // One process that waits for its next invocation, and one that is in the midst of one.
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

it('it is LocalStack, a DynamoDB and a process for each of two invocations', () => {
  expect(programs()).toEqual(['java', 'node', 'node', 'python']);
});

it('all of it listens on loopback alone', () => {
  const addresses = processes().flatMap(listening);
  expect(addresses).toContain(endpoint.replace('http://', ''));
  // The gateway, DynamoDB and a runtime API for each process of a function.
  expect(addresses.length).toBeGreaterThanOrEqual(4);
  expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
});

it('it writes nothing outside of its folder', () => {
  expect(leftElsewhere()).toEqual(before);
  // Java's, unless it is told not to.
  const watched = processes().filter((pid) => readdirSync('/tmp').some((name) => existsSync(`/tmp/${name}/${pid}`)));
  expect(watched).toEqual([]);
});

it('when its starter is killed, nothing of it is left', async () => {
  expect(programs()).not.toEqual([]);
  starter.kill('SIGKILL');
  await eventually(async () => expect(programs()).toEqual([]), 5000);
});

/** Names of what LocalStack, Lambda, DynamoDB, Java or Python are known to leave where they are not told otherwise. */
function leftElsewhere(): string[] {
  const places = [tmpdir(), '/tmp', '/var/lib', homedir(), join(homedir(), '.cache'), '/var/lib/localstack'];
  const plugin = join(root, 'scripts', 'localstack', 'plugin', 'tvm_localstack');
  return [...new Set(places), plugin]
    .flatMap((place) => (existsSync(place) ? readdirSync(place).map((name) => join(place, name)) : []))
    .filter((name) => /localstack|lambda|dynamodb|kinesis|plux|hsperfdata|__pycache__/.test(name))
    .sort();
}

/** The processes that were given this folder, by their command line or their environment, and did not start them. */
function processes(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === starter.pid) return [];
    return ['cmdline', 'environ'].some((file) => of(pid, file).includes(dir)) ? [pid] : [];
  });
}

/** What runs in them: `python3.13` is python. */
function programs(): string[] {
  return processes()
    .map((pid) => basename(readlinkSync(`/proc/${pid}/exe`)).replace(/[\d.]+$/, ''))
    .sort();
}

/** A file of /proc about a process; nothing when that has ended, or is another user's. */
function of(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** The addresses that a process listens on for TCP connections, as in `127.0.0.1:4566`. */
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

/** @param local an address and a port as the kernel writes them: in hexadecimal, four bytes at a time turned round */
function addressOf(local: string): string {
  const [address = '', port = ''] = local.split(':');
  // An IPv4 address as IPv6 has it is that address.
  const [, four] = /^(?:0{16}FFFF0000)?([0-9A-F]{8})$/.exec(address) ?? [];
  const host = four === undefined ? `[${address}]` : [...Buffer.from(four, 'hex')].reverse().join('.');
  return `${host}:${Number.parseInt(port, 16)}`;
}
