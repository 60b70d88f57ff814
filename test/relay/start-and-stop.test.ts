import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RelayFolder, read, relayFolder, type Started, startTokenrelay, until } from './support/run-tokenrelay.ts';

let folder: RelayFolder;
let out: string;
let secretFile: string;
const agents: Started[] = [];
beforeEach(() => {
  folder = relayFolder();
  folder.issue('a-token');
  out = join(folder.path, 'out');
  secretFile = join(out, 'authorization');
  folder.configure(
    folder.configuration(
      {
        endpoints: [
          {
            protocol: 'aws-container-credentials',
            listen: '127.0.0.1:0',
            authorization_file: { path: secretFile },
          },
        ],
      },
      { output: { file_path: folder.output, format: 'json', remove_on_stop: true } },
    ),
  );
});
afterEach(async () => {
  for (const { process } of agents) process.kill('SIGKILL');
  await Promise.all(agents.splice(0).map(({ ended }) => ended));
  folder.remove();
});

function start(args: string[], env?: NodeJS.ProcessEnv): Started {
  const agent = startTokenrelay(args, env);
  agents.push(agent);
  return agent;
}
const commands: Record<string, () => string[]> = {
  run: () => ['run', '--config', folder.config],
  'run by --config': () => ['--config', folder.config],
  exec: () => ['exec', '--config', folder.config, '--', '/bin/sleep', '600'],
  'run --once': () => ['run', '--once', '--config', folder.config],
};
const argsOf = (command: string) => commands[command]?.() ?? [];

/** Makes the program send itself a signal while its code is loaded: before it first loads a module of Node. */
function whileLoading(signal: string): NodeJS.ProcessEnv {
  const preload = join(folder.path, 'preload.cjs');
  writeFileSync(
    preload,
    `const { Module } = require('node:module');
     const load = Module._load;
     Module._load = function (name, ...more) {
       if (name.startsWith('node:')) { Module._load = load; process.kill(process.pid, '${signal}'); }
       return load.call(this, name, ...more);
     };`,
  );
  return { NODE_OPTIONS: `--require ${preload}` };
}

describe('a signal while the program is loaded', () => {
  it.each([
    ['run', 'SIGTERM', 0],
    ['run by --config', 'SIGINT', 0],
    ['exec', 'SIGTERM', 143],
    ['exec', 'SIGHUP', 129],
    ['run --once', 'SIGTERM', 143],
  ])('ends it before it has started anything: %s, %s', async (command, signal, code) => {
    const agent = start(argsOf(command), whileLoading(signal));
    expect(await agent.ended).toBe(code);
    expect(readdirSync(out)).toEqual([]);
    expect(agent.stdout() + agent.stderr()).toBe('');
  });

  it('is a reload for an agent, if it is SIGHUP', async () => {
    const agent = start(argsOf('run'), whileLoading('SIGHUP'));
    await until('the reload', () => agent.logged().some(({ msg }) => msg === 'configuration reloaded'));
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
  });

  it('ends other commands as usual', async () => {
    const agent = start(['status', '--config', folder.config], whileLoading('SIGTERM'));
    expect(await agent.ended).toBe('SIGTERM');
  });
});

describe('a signal soon after the start', () => {
  const delays = [0, 20, 40, 60, 80, 100, 120, 140, 160, 200, 250, 300];

  it.each([
    ['run', 'SIGTERM', [0]],
    ['run', 'SIGINT', [0]],
    ['exec', 'SIGTERM', [143]],
    ['exec', 'SIGHUP', [129]],
    ['exec', 'SIGINT', [130]],
  ] as const)('ends it, and leaves no token, socket or temporary file: %s, %s', async (command, signal, codes) => {
    for (const delay of delays) {
      const agent = start(argsOf(command));
      await sleep(delay);
      agent.process.kill(signal);
      // By the signal itself: before the program runs, or like the child.
      expect([...codes, signal]).toContain(await agent.ended);
      expect(readdirSync(out).filter((name) => name !== 'authorization')).toEqual([]);
    }
  });
});

describe('the authorization file', () => {
  it('is never missing while the agent is restarted, also several times', async () => {
    const first = start(argsOf('run'));
    await until('the file', () => read(secretFile));
    const found = new Set<string | undefined>();
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        found.add(read(secretFile));
        await sleep(1);
      }
    })();
    let agent = first;
    for (let restarts = 0; restarts < 3; restarts += 1) {
      const before = read(secretFile);
      agent.process.kill('SIGTERM');
      expect(await agent.ended).toBe(0);
      expect(read(secretFile)).toBe(before);
      agent = start(argsOf('run'));
      await until('another secret', () => read(secretFile) !== before);
    }
    isOver = true;
    await watching;
    expect(found.has(undefined)).toBe(false);
    expect(found.size).toBe(4);
  });

  it('is removed when the configuration has no endpoint for it any more', async () => {
    const agent = start(argsOf('run'));
    await until('the file', () => read(secretFile));
    folder.configure(folder.configuration());
    agent.process.kill('SIGHUP');
    await until('the removal', () => read(secretFile) === undefined || undefined);
  });
});
