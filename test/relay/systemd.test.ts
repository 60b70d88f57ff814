import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RelayFolder, relayFolder, type Started, startTokenrelay, until } from './support/run-tokenrelay.ts';

/**
 * The receiving end of systemd's sd_notify(3): Node has no Unix datagram sockets. Prints each message as a line of
 * JSON.
 */
const RECEIVER = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('bound', flush=True)
while True:
    print(json.dumps(receiver.recv(4096).decode().splitlines()), flush=True)
`;

const hasNotify = ['/usr/bin/systemd-notify', '/bin/systemd-notify'].some((path) => existsSync(path));
if (!hasNotify) console.log('not run: messages to systemd, because systemd-notify is not installed');

let folder: RelayFolder;
const endings: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  folder = relayFolder();
  folder.issue('a-token');
  folder.configure(folder.configuration());
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  folder.remove();
});

async function receiver(): Promise<{ path: string; messages(): string[][] }> {
  const path = join(folder.path, 'notify');
  const python = spawn('python3', ['-c', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  endings.push(async () => {
    const closed = once(python, 'close');
    python.kill('SIGKILL');
    await closed;
  });
  let text = '';
  python.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await until('the receiver', () => text.startsWith('bound\n'));
  return {
    path,
    messages: () =>
      text
        .split('\n')
        .slice(1, -1)
        .map((line) => JSON.parse(line) as string[])
        // systemd-notify waits on this file descriptor to learn that its message was read.
        .filter(([first]) => first !== 'BARRIER=1'),
  };
}

function start(env: NodeJS.ProcessEnv): Started {
  const started = startTokenrelay(['run', '--config', folder.config], env);
  endings.push(() => {
    started.process.kill('SIGKILL');
    return started.ended;
  });
  return started;
}

describe('tokenrelay run under systemd', () => {
  it.runIf(hasNotify)('reports that it is ready, alive, reloading and stopping', async () => {
    const { path, messages } = await receiver();
    const agent = start({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000000' });
    const messagesWith = (assignment: string) => messages().filter((message) => message.includes(assignment));
    await until('ready', () => messagesWith('READY=1').length === 1);
    expect(messages()[0]).toEqual(['READY=1', 'STATUS=1 of 1 tokens healthy']);
    await until('the watchdog to be fed', () => messagesWith('WATCHDOG=1').length >= 3);
    agent.process.kill('SIGHUP');
    await until('ready again', () => messagesWith('READY=1').length === 2);
    const reloading = messages().find((message) => message.includes('RELOADING=1'));
    expect(reloading?.[1]).toMatch(/^MONOTONIC_USEC=\d+$/);
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    await until('stopping', () => messagesWith('STOPPING=1').length === 1);
    expect(agent.stdout()).not.toContain('could not be notified');
  });

  it.runIf(hasNotify)('is ready although a source returns no token', async () => {
    folder.configure(folder.configuration({}, { source: { command: ['/bin/false'] } }));
    const { path, messages } = await receiver();
    start({ NOTIFY_SOCKET: path });
    await until('ready', () => messages().length === 1);
    expect(messages()).toEqual([['READY=1', 'STATUS=0 of 1 tokens healthy; unhealthy: my_app']]);
  });

  it.runIf(hasNotify)('continues if nobody receives its messages', async () => {
    const agent = start({ NOTIFY_SOCKET: join(folder.path, 'nobody') });
    await until('the warning', () => agent.logged().some(({ msg }) => msg === 'systemd could not be notified'));
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
  });
});
