import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, renewalHooks } from 'tokenrelay/hooks/after-renewal.ts';
import { signalPidFile } from 'tokenrelay/hooks/signal-pid-file.ts';
import { type Clock, systemClock } from 'tokenrelay/model/clock.ts';
import type { AfterRenewal } from 'tokenrelay/settings/hooks.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeClock } from '../agent/fake-clock.ts';

let folder = '';
let configFile = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-hooks-'));
  configFile = join(folder, 'config.yaml');
  await writeFile(configFile, 'tokens: []', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true }));

function hooks(actions: AfterRenewal[], clock: Clock = systemClock) {
  const logged: object[] = [];
  const log = (details: object) => void logged.push(details);
  const changed = vi.fn();
  const made = renewalHooks(actions, 'my_token', {
    ...{ clock, configFile, changed, log: { debug: log, info: log, warn: log, error: log } },
  });
  const end = () => vi.waitFor(() => expect(changed).toHaveBeenCalled(), { interval: 5 });
  return { ...made, logged, changed, end };
}

const shell = (script: string): string[] => ['/bin/sh', '-c', script];

describe('an after_renewal command', () => {
  it('gets the name of the token, and none of the agent’s environment', async () => {
    vi.stubEnv('SECRET_OF_THE_AGENT', 'must-not-leak');
    const { run, end, trouble } = hooks([{ command: shell(`env > ${folder}/env`) }]);
    run();
    await end();
    vi.unstubAllEnvs();
    const env = await readFile(join(folder, 'env'), 'utf8');
    expect(env).toContain('TOKENRELAY_TOKEN=my_token\n');
    expect(env).not.toContain('SECRET_OF_THE_AGENT');
    expect(trouble()).toBeUndefined();
  });

  it('is reported without its arguments until it succeeds, and does not affect other hooks', async () => {
    const { run, end, trouble, logged, changed } = hooks([
      { command: shell(`test -e ${folder}/mended # secret-argument`) },
      { command: shell(`touch ${folder}/second`) },
    ]);
    run();
    await end();
    expect(trouble()).toBe('after_renewal: /bin/sh exited with code 1');
    expect(await readFile(join(folder, 'second'), 'utf8')).toBe('');
    expect(JSON.stringify(logged)).not.toContain('secret-argument');
    await writeFile(join(folder, 'mended'), '');
    changed.mockClear();
    run();
    await end();
    expect(trouble()).toBeUndefined();
  });

  it('is killed after its timeout', async () => {
    const { run, end, trouble } = hooks([{ command: ['/bin/sleep', '60'], timeout_seconds: 0.1 }]);
    run();
    await end();
    expect(trouble()).toMatch(/took longer than 0.1 seconds/);
  });

  it('never runs twice at once, and runs once more for all renewals in the meantime', async () => {
    const log = join(folder, 'log');
    const { run, end } = hooks([{ command: shell(`echo start >> ${log}; sleep 0.05; echo end >> ${log}`) }]);
    for (let times = 0; times < 5; times += 1) run();
    await end();
    expect(await readFile(log, 'utf8')).toBe('start\nend\nstart\nend\n');
  });

  it('is refused if another user can write the configuration', async () => {
    await chmod(configFile, 0o666);
    const { run, end, trouble } = hooks([{ command: shell(`touch ${folder}/was-run`) }]);
    run();
    await end();
    expect(trouble()).toMatch(/\/bin\/sh was not run: other users can write/);
    await expect(readFile(join(folder, 'was-run'))).rejects.toThrow('ENOENT');
  });

  it('is killed when the agent stops', async () => {
    const { run, stop, end, trouble } = hooks([{ command: ['/bin/sleep', '60'] }]);
    run();
    stop();
    await end();
    expect(trouble()).toBeUndefined();
  });
});

describe('a failed after_renewal hook', () => {
  /** Two hooks, which count their runs. The first one fails until the file `mended` exists. */
  const twoHooks = () => {
    const clock = fakeClock();
    const made = hooks(
      [
        { command: shell(`echo run >> ${folder}/first; test -e ${folder}/mended`) },
        { command: shell(`echo run >> ${folder}/second`) },
      ],
      clock,
    );
    const runs = async (file: string) =>
      (await readFile(join(folder, file), 'utf8').catch(() => '')).split('\n').length - 1;
    /** Lets time pass until the next run, which takes real time. */
    const nextRun = async (milliseconds: number) => {
      made.changed.mockClear();
      await clock.pass(milliseconds);
      await made.end();
    };
    return { ...made, clock, runs, nextRun };
  };

  it('is tried again within seconds, without the hooks that succeeded, and until it succeeds', async () => {
    const { run, end, trouble, runs, nextRun, clock, logged } = twoHooks();
    run();
    await end();
    expect([await runs('first'), await runs('second')]).toEqual([1, 1]);
    for (const wait of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) await nextRun(wait);
    expect([await runs('first'), await runs('second'), trouble()]).toEqual([7, 1, expect.stringContaining('code 1')]);
    await writeFile(join(folder, 'mended'), '');
    await nextRun(10_000);
    expect([await runs('first'), trouble()]).toEqual([8, undefined]);
    expect(clock.timers()).toBe(0);
    expect(logged).toContainEqual(expect.objectContaining({ retry_in_seconds: 1 }));
  });

  it('is replaced by the hooks of the next renewal, which run at once', async () => {
    const { run, end, runs, nextRun, clock } = twoHooks();
    run();
    await end();
    await nextRun(1_000);
    run();
    await vi.waitFor(async () => expect(await runs('second')).toBe(2));
    expect(await runs('first')).toBe(3);
    await vi.waitFor(() => expect(clock.timers()).toBe(1));
    await nextRun(1_000);
    expect([await runs('first'), await runs('second')]).toEqual([4, 2]);
  });

  it.each(['giveUp', 'stop'] as const)('is not tried again after %s', async (how) => {
    const made = twoHooks();
    made.run();
    await made.end();
    made[how]();
    expect(made.clock.timers()).toBe(0);
    await made.clock.pass(60_000);
    expect(await made.runs('first')).toBe(1);
    expect(made.trouble()).toContain('code 1');
  });
});

describe('an after_renewal unit', () => {
  it('is signalled through systemctl, and only its main process gets the signal', () => {
    expect(commandOf({ action: 'reload', unit: 'nginx.service' })).toEqual([
      'systemctl',
      '--no-ask-password',
      'reload',
      'nginx.service',
    ]);
    const kill = ['systemctl', '--no-ask-password', 'kill', '--signal=SIGHUP'];
    expect(commandOf({ signal: 'SIGHUP', unit: 'app.service' })).toEqual([...kill, '--kill-who=main', 'app.service']);
    expect(commandOf({ signal: 'SIGHUP', unit: 'app.scope' })).toEqual([...kill, 'app.scope']);
  });
});

describe('a signal to the process of a pid file', () => {
  const pidFile = () => join(folder, 'app.pid');

  it('reaches it', async () => {
    const child = spawn('/bin/sleep', ['60']);
    await writeFile(pidFile(), `${child.pid}\n`, { mode: 0o644 });
    const ended = once(child, 'exit');
    const { run, end, trouble } = hooks([{ signal: 'SIGUSR1', pid_file: pidFile() }]);
    run();
    await end();
    expect(await ended).toEqual([null, 'SIGUSR1']);
    expect(trouble()).toBeUndefined();
    await expect(signalPidFile(pidFile(), 'SIGUSR1')).rejects.toThrow(
      `process ${child.pid} of ${pidFile()} does not exist`,
    );
  });

  it.each([
    '',
    '0',
    '1',
    '-1',
    '1.5',
    'abc',
    '12 34',
    '0x10',
    '99999999',
    `${process.pid}`,
  ])('is not sent for %j', async (text) => {
    await writeFile(pidFile(), text, { mode: 0o644 });
    const sent = vi.spyOn(process, 'kill').mockReturnValue(true);
    await expect(signalPidFile(pidFile(), 'SIGTERM')).rejects.toThrow('must contain only the id of another process');
    expect(sent).not.toHaveBeenCalled();
    sent.mockRestore();
  });

  it('is sent within seconds after a process that starts late has written the file', async () => {
    const clock = fakeClock();
    const { run, end, trouble, changed } = hooks([{ signal: 'SIGUSR1', pid_file: pidFile() }], clock);
    run();
    await end();
    expect(trouble()).toContain(`${pidFile()} does not exist`);
    const child = spawn('/bin/sleep', ['60']);
    await writeFile(pidFile(), `${child.pid}\n`, { mode: 0o644 });
    const ended = once(child, 'exit');
    changed.mockClear();
    await clock.pass(1_000);
    await end();
    expect(await ended).toEqual([null, 'SIGUSR1']);
    expect(trouble()).toBeUndefined();
  });

  it('is not sent if others can write the file, or if it is not a file or missing', async () => {
    const sent = vi.spyOn(process, 'kill').mockReturnValue(true);
    await writeFile(pidFile(), '4000000');
    await chmod(pidFile(), 0o666);
    await expect(signalPidFile(pidFile(), 'SIGHUP')).rejects.toThrow('is writable by other users');
    await expect(signalPidFile(folder, 'SIGHUP')).rejects.toThrow('is not a regular file');
    await expect(signalPidFile(join(folder, 'none'), 'SIGHUP')).rejects.toThrow('does not exist');
    expect(sent).not.toHaveBeenCalled();
    sent.mockRestore();
  });

  it('reaches only the owner’s processes if another user owns the file', async () => {
    await writeFile(pidFile(), '4194303', { mode: 0o644 });
    if (process.getuid?.() !== 0) {
      // Only root can change the owner of a file, so here the agent's user differs instead.
      const me = process.getuid?.() ?? 0;
      vi.spyOn(process, 'geteuid').mockReturnValue(me + 1);
      await expect(signalPidFile(pidFile(), 'SIGTERM')).rejects.toThrow(`belongs to user ${me}, but process`);
      return vi.restoreAllMocks();
    }
    await chown(pidFile(), 65_534, 65_534);
    const mine = spawn('/bin/sleep', ['60']);
    const theirs = spawn('/bin/sleep', ['60'], { uid: 65_534, gid: 65_534 });
    await writeFile(pidFile(), `${mine.pid}`);
    await expect(signalPidFile(pidFile(), 'SIGTERM')).rejects.toThrow('belongs to user 65534, but process');
    await writeFile(pidFile(), `${theirs.pid}`);
    const ended = [mine, theirs].map((child) => once(child, 'exit'));
    await signalPidFile(pidFile(), 'SIGTERM');
    mine.kill('SIGKILL');
    expect(await Promise.all(ended)).toEqual([
      [null, 'SIGKILL'],
      [null, 'SIGTERM'],
    ]);
  });
});
