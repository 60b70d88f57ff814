import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type RelayFolder,
  read,
  relayFolder,
  runTokenrelay,
  type Started,
  startTokenrelay,
  until,
} from './support/run-tokenrelay.ts';

const SECRET = 'one-very-secret-token';

let folder: RelayFolder;
const running: Started[] = [];

beforeEach(() => {
  folder = relayFolder();
  folder.issue(SECRET);
});
afterEach(async () => {
  for (const { process } of running) process.kill('SIGKILL');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
  folder.remove();
});

function start(args: string[], env?: NodeJS.ProcessEnv): Started {
  const started = startTokenrelay(args, env);
  running.push(started);
  return started;
}

async function ready(started: Started): Promise<Started> {
  await until('the agent to be ready', () => started.logged().some(({ msg }) => msg === 'ready'));
  return started;
}

const said = (started: Started, message: string) => started.logged().filter(({ msg }) => msg === message);

describe('tokenrelay run', () => {
  it('started like the unit, writes each token with the configured mode, and no token to its logs', async () => {
    folder.configure(folder.configuration());
    const agent = await ready(start(['--config', folder.config]));
    expect(JSON.parse(folder.written() ?? '')).toMatchObject({ token: SECRET });
    expect(statSync(folder.output).mode & 0o777).toBe(0o640);
    expect((await runTokenrelay(['get', 'my_app', '--socket', folder.socket])).stdout).toBe(`${SECRET}\n`);
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(agent.stdout()).toContain('"level":"debug"');
    expect(agent.stdout() + agent.stderr()).not.toContain(SECRET);
  });

  it('keeps its files when it is stopped, and removes those configured to be removed', async () => {
    const removed = join(folder.path, 'out', 'removed.json');
    const output = { file_path: removed, format: 'json', permissions: '0600', remove_on_stop: true };
    folder.configure(
      folder.configuration({}, { output: [{ file_path: folder.output, format: 'json', permissions: '0600' }, output] }),
    );
    const agent = await ready(start(['run', '--config', folder.config]));
    expect(read(removed)).toContain(SECRET);
    agent.process.kill('SIGINT');
    expect(await agent.ended).toBe(0);
    expect(read(removed)).toBeUndefined();
    expect(folder.written()).toContain(SECRET);
    expect(read(folder.socket)).toBeUndefined();
  });

  it('reloads its configuration on SIGHUP', async () => {
    folder.configure(folder.configuration());
    const agent = await ready(start(['run', '--config', folder.config]));
    const second = join(folder.path, 'out', 'second.json');
    const [token] = (folder.configuration() as { tokens: [object] }).tokens;
    const added = { ...token, name: 'second', output: { file_path: second, format: 'raw', permissions: '0600' } };
    folder.configure(folder.configuration({ tokens: [token, added], log_level: 'error' }));
    agent.process.kill('SIGHUP');
    await until('the second token', () => read(second));
    await until('the end of the reload', () => said(agent, 'configuration reloaded').length === 1);
    expect(folder.written()).toContain(SECRET);
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(said(agent, 'stopping')).toEqual([]);
  });

  it('rejects an invalid new configuration as a whole, reports its errors, and continues with the previous one', async () => {
    folder.configure(folder.configuration());
    const agent = await ready(start(['run', '--config', folder.config]));
    const [token] = (folder.configuration() as { tokens: [object] }).tokens;
    const second = { ...token, name: 'second', output: { file_path: '/nowhere/x', format: 'raw', permissions: 640 } };
    folder.configure(folder.configuration({ tokens: [second] }));
    agent.process.kill('SIGHUP');
    const [refused] = await until('the refusal', () => {
      const found = said(agent, 'the new configuration is invalid; the previous one stays in use');
      return found.length > 0 && found;
    });
    expect(JSON.stringify(refused?.faults)).toMatch(/tokens\[0\].*permissions.*quotes/);
    const status = await runTokenrelay(['status', '--socket', folder.socket, '--output', 'json']);
    expect(JSON.parse(status.stdout).tokens.map(({ name }: { name: string }) => name)).toEqual(['my_app']);
    expect(folder.written()).toContain(SECRET);
  });

  it('rejects a new configuration with an endpoint that cannot be opened, and keeps the previous endpoints', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    folder.configure(folder.configuration());
    const agent = await ready(start(['run', '--config', folder.config]));
    folder.configure(
      folder.configuration({
        control: { socket: join(folder.path, 'out', 'moved.sock') },
        endpoints: [{ protocol: 'monitoring', listen: `127.0.0.1:${port}` }],
      }),
    );
    agent.process.kill('SIGHUP');
    await until(
      'the refusal',
      () => said(agent, 'the new configuration is invalid; the previous one stays in use').length > 0,
    );
    taken.close();
    const { code } = await runTokenrelay(['status', '--socket', folder.socket]);
    expect(code).toBe(0);
  });

  it('opens no inspector on SIGUSR1', async () => {
    folder.configure(folder.configuration());
    const agent = await ready(start(['run', '--config', folder.config]));
    agent.process.kill('SIGUSR1');
    const { code } = await runTokenrelay(['status', '--socket', folder.socket]);
    expect(code).toBe(0);
    expect(agent.stderr()).toBe('');
  });

  it('fails while another agent responds on its control socket, and writes nothing', async () => {
    folder.configure(folder.configuration());
    await ready(start(['run', '--config', folder.config]));
    const other = relayFolder();
    try {
      other.configure(other.configuration({ control: { socket: folder.socket } }));
      other.issue('other');
      const { code, stderr } = await runTokenrelay(['run', '--config', other.config]);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(`is listening on ${folder.socket}`),
      });
      expect(other.written()).toBeUndefined();
    } finally {
      other.remove();
    }
    expect((await runTokenrelay(['status', '--socket', folder.socket])).code).toBe(0);
  });

  it('replaces an agent that was killed', async () => {
    folder.configure(folder.configuration());
    const killed = await ready(start(['run', '--config', folder.config]));
    killed.process.kill('SIGKILL');
    await killed.ended;
    await ready(start(['run', '--config', folder.config]));
    expect((await runTokenrelay(['status', '--socket', folder.socket])).code).toBe(0);
  });

  it('reports every error in its configuration and exits with 2', async () => {
    folder.configure({ tokens: [{ name: 'a', typ: 'exec' }], log_levle: 'info' });
    const { code, stdout, stderr } = await runTokenrelay(['run', '--config', folder.config]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${folder.config} is not a valid configuration:`);
    expect(stderr).toMatch(/log_levle/);
    expect(stderr).toMatch(/tokens\[0\]/);
    const asJson = await runTokenrelay(['run', '--config', folder.config, '--output', 'json']);
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: 'configuration',
      error_description: `${folder.config} is not a valid configuration`,
      reasons: expect.arrayContaining([expect.stringContaining('log_levle')]),
    });
  });

  it('opens its control socket in the runtime folder that systemd created', async () => {
    const runtime = join(folder.path, 'run');
    mkdirSync(runtime, { mode: 0o755 });
    folder.configure(folder.configuration({ control: undefined }));
    await ready(start(['run', '--config', folder.config], { RUNTIME_DIRECTORY: `${runtime}:/elsewhere` }));
    expect(statSync(join(runtime, 'control.sock')).mode & 0o777).toBe(0o600);
  });
});

describe('an uncaught error', () => {
  const faults = fileURLToPath(new URL('../../clients/relay/commands/process-faults.ts', import.meta.url));
  const log = fileURLToPath(new URL('../../clients/relay/commands/agent-log.ts', import.meta.url));

  it.each([
    ['an exception', `setTimeout(() => JSON.parse(secret))`],
    ['a rejection', `Promise.reject(new Error(secret))`],
  ])('makes the agent exit with 1 and is logged without its message: %s', async (_case, fault) => {
    const script = `
      import { endOnFaults } from '${faults}'; import { agentLog } from '${log}';
      const secret = '${SECRET}'; endOnFaults(agentLog('info'), () => console.log('first this')); ${fault};
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/"fault":\{"name":"\w*Error".*the agent exits.*\nfirst this\n$/);
    expect(stdout).not.toContain('one-');
  });
});

describe('tokenrelay run --once', () => {
  it('writes each token, prints how many, and keeps the files', async () => {
    folder.configure(
      folder.configuration(
        {},
        { output: { file_path: folder.output, format: 'json', permissions: '0600', remove_on_stop: true } },
      ),
    );
    const { code, stdout, stderr } = await runTokenrelay(['run', '--once', '--config', folder.config]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 of 1 tokens fetched and written\n' });
    expect(folder.written()).toContain(SECRET);
    expect(stdout).not.toContain(SECRET);
  });

  it('exits with 3 and names the failed tokens, and writes the others', async () => {
    const [token] = (folder.configuration() as { tokens: [object] }).tokens;
    const failing = { ...token, name: 'failing', output: undefined, source: { command: ['/bin/false'] } };
    folder.configure(folder.configuration({ tokens: [token, failing] }));
    const { code, stderr } = await runTokenrelay(['run', '--once', '--config', folder.config]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^1 of 2 tokens fetched and written\n.*\n {2}failing: /);
    expect(folder.written()).toContain(SECRET);
  });

  it('warns about a configuration that another user can change, and runs none of its commands', async () => {
    folder.configure(folder.configuration());
    chmodSync(folder.config, 0o666);
    const { code, stdout, stderr } = await runTokenrelay(['run', '--once', '--config', folder.config]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/"warning":"other users can write .*; who can change it decides/);
    expect(stderr).toContain('was not run: other users can write');
    expect(folder.written()).toBeUndefined();
  });

  it('opens no control socket', async () => {
    folder.configure(folder.configuration());
    await runTokenrelay(['run', '--once', '--config', folder.config]);
    expect(read(folder.socket)).toBeUndefined();
  });
});
