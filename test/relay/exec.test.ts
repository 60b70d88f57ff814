import { join } from 'node:path';
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

let folder: RelayFolder;
const running: Started[] = [];

beforeEach(() => {
  folder = relayFolder();
  folder.issue('first-token');
  folder.configure(folder.configuration());
});
afterEach(async () => {
  for (const { process } of running) process.kill('SIGKILL');
  await Promise.all(running.splice(0).map(({ ended }) => ended));
  folder.remove();
});

function start(args: string[], env?: NodeJS.ProcessEnv): Started {
  const started = startTokenrelay(['exec', '--config', folder.config, ...args], env);
  running.push(started);
  return started;
}

const shell = (script: string) => ['--', '/bin/sh', '-c', script];

const run = async (args: string[], env?: NodeJS.ProcessEnv) => {
  const started = start(args, env);
  return { code: await started.ended, stdout: started.stdout(), stderr: started.stderr() };
};

/**
 * A child that prints each start and each signal, and runs until a signal stops it. It handles signals before it prints
 * its start, which tests wait for.
 */
const TALKING = `
  trap 'echo hangup' HUP; trap 'echo usr2' USR2; trap 'echo interrupt' INT; trap 'echo term; exit 7' TERM
  echo "started $MY_APP"
  while :; do sleep 0.05; done`;

const printed = (started: Started, line: string) =>
  until(`the child to print ${line}`, () => started.stdout().split('\n').includes(line));

async function renew(token: string): Promise<void> {
  folder.issue(token);
  const { code } = await runTokenrelay(['refresh', 'my_app', '--socket', folder.socket]);
  expect(code).toBe(0);
}

describe('tokenrelay exec', () => {
  it('passes the tokens to the child in its environment, and leaves standard output to the child', async () => {
    const { code, stdout, stderr } = await run(shell('echo "$MY_APP $KEPT"; echo said >&2'), { KEPT: 'kept' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'first-token kept\n' });
    expect(stderr).toContain('said\n');
    expect(stderr).toContain('"level":"info"');
    expect(stderr).not.toContain('first-token');
  });

  it('does not pass the agent’s secrets to the child', async () => {
    const key = { env: 'CACHE_KEY' };
    folder.configure(folder.configuration({ cache: { path: join(folder.path, 'out', 'cache'), key } }));
    const { stdout } = await run(['--', '/usr/bin/env'], {
      CACHE_KEY: '0'.repeat(64),
      AWS_SECRET_ACCESS_KEY: 'agent-secret',
      NOTIFY_SOCKET: '/nowhere',
      CREDENTIALS_DIRECTORY: folder.path,
      LISTEN_FDS: '1',
    });
    expect(stdout).toContain('MY_APP=first-token');
    expect(stdout).not.toMatch(/CACHE_KEY|AWS_SECRET|NOTIFY_SOCKET|CREDENTIALS_DIRECTORY|LISTEN_FDS/);
  });

  it('passes only the named tokens to the child', async () => {
    const [token] = (folder.configuration() as { tokens: [object] }).tokens;
    const other = { ...token, name: 'other', output: undefined };
    folder.configure(folder.configuration({ tokens: [token, other], exec: { environment: ['my_app'] } }));
    expect((await run(['--environment', 'other', '--', '/usr/bin/env'])).stdout).toMatch(/^OTHER=first-token$/m);
    const { stdout } = await run(['--', '/usr/bin/env']);
    expect(stdout).toMatch(/^MY_APP=first-token$/m);
    expect(stdout).not.toContain('OTHER');
  });

  it('passes arguments unchanged, even those that look like its own', async () => {
    const { stdout } = await run(['--', '/bin/echo', '--output', 'json', '--help', '--config', '$HOME', '--', 'a b']);
    expect(stdout).toBe('--output json --help --config $HOME -- a b\n');
  });

  it('is rejected without --, and for a token that is not in the configuration', async () => {
    expect(await run(['/bin/echo'])).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining('put -- before') });
    const { code, stdout, stderr } = await run(['--environment', 'nobody', '--', '/bin/echo']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('the configuration has no token nobody; it has my_app');
    expect((await run(['--on-renewal', 'stop', '--', '/bin/echo'])).stderr).toContain('; see tokenrelay exec --help');
  });

  it.each([0, 7, 255])('exits with the exit code %i of its child', async (code) => {
    expect((await run(shell(`exit ${code}`))).code).toBe(code);
  });

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGKILL', 137],
    ['SIGSEGV', 139],
  ])('is killed by %s when its child is, without a core file', async (signal, ending) => {
    expect((await run(shell(`kill -${signal.slice(3)} $$`))).code).toBe(ending);
  });

  it('exits with 127 if the command does not exist, and with 126 if it cannot be run', async () => {
    const missing = await run(['--', 'no-such-command']);
    expect(missing.code).toBe(127);
    expect(missing.stderr).toContain('no-such-command cannot be started: it was not found');
    const notRun = await run(['--', folder.config]);
    expect(notRun.code).toBe(126);
    expect(notRun.stderr).toContain(`${folder.config} cannot be started: this user may not run it`);
  });

  it('starts no child and exits with 3 if a token does not come in time, and prints the reason', async () => {
    folder.configure(folder.configuration({}, { source: { command: ['/bin/false'] } }));
    const { code, stdout, stderr } = await run(['--timeout', '0.5', ...shell('echo started')]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/not all tokens were available within 0\.5 s:\n {2}my_app: .*\/bin\/false/);
  });

  it('passes signals on, and exits like the child', async () => {
    const started = start(shell(TALKING));
    await printed(started, 'started first-token');
    for (const [signal, line] of [
      ['SIGHUP', 'hangup'],
      ['SIGUSR2', 'usr2'],
      ['SIGINT', 'interrupt'],
    ] as const) {
      started.process.kill(signal);
      await printed(started, line);
    }
    started.process.kill('SIGTERM');
    expect(await started.ended).toBe(7);
    expect(started.stdout()).toBe('started first-token\nhangup\nusr2\ninterrupt\nterm\n');
  });

  it('restarts the child with the new token after a renewal', async () => {
    const started = start(shell(TALKING));
    await printed(started, 'started first-token');
    await renew('second-token');
    await printed(started, 'started second-token');
    expect(started.stdout()).toBe('started first-token\nterm\nstarted second-token\n');
    expect(started.logged()).toContainEqual(expect.objectContaining({ restarts: 1 }));
    started.process.kill('SIGTERM');
    expect(await started.ended).toBe(7);
  });

  it('does not restart a child that exits by itself during a renewal', async () => {
    const gate = join(folder.path, 'gate');
    const started = start(shell(`echo "started $MY_APP"; while [ ! -e ${gate} ]; do sleep 0.05; done; exit 5`));
    await printed(started, 'started first-token');
    await runTokenrelay(['refresh', 'my_app', '--socket', folder.socket]);
    const { execFileSync } = await import('node:child_process');
    execFileSync('/bin/touch', [gate]);
    expect(await started.ended).toBe(5);
    expect(started.stdout()).toBe('started first-token\n');
  });

  it('signals a child that reads files, and passes it no token in its environment', async () => {
    const started = start(['--on-renewal', 'SIGHUP', ...shell(TALKING)]);
    await printed(started, 'started ');
    await renew('second-token');
    await printed(started, 'hangup');
    expect(read(folder.output)).toContain('second-token');
    started.process.kill('SIGTERM');
    expect(await started.ended).toBe(7);
    expect(started.stdout()).toBe('started \nhangup\nterm\n');
  });

  it('removes the configured files when the child exits', async () => {
    const output = { file_path: folder.output, format: 'json', permissions: '0600', remove_on_stop: true };
    folder.configure(folder.configuration({}, { output }));
    const { stdout } = await run(shell(`cat ${folder.output}`));
    expect(stdout).toContain('first-token');
    expect(folder.written()).toBeUndefined();
  });
});
