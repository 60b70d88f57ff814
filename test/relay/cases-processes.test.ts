import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GivenCases, givenCases } from './support/given-cases.ts';
import { whyNoMount } from './support/mounts.ts';
import { read, runTokenrelay, type Started, until } from './support/run-tokenrelay.ts';

/** The cases of `test/fixtures/relay` about processes, by their number. */
let cases: GivenCases;
beforeAll(async () => {
  cases = await givenCases();
});
afterAll(() => cases.close());

const starts = (agent: Started) =>
  agent
    .stdout()
    .split('\n')
    .filter((line) => line === 'start').length;

describe.concurrent('the given case', () => {
  it('01: a web server of a shell is started again with each new token, and ends with tokenrelay', async () => {
    const web = `cd /; python3 -m http.server --bind 127.0.0.1 ${cases.programPort}`;
    const agent = cases.start(['exec', '--config', cases.file('01'), '--', 'sh', '-c', `echo start; ${web}; true`]);
    const answers = () =>
      fetch(`http://127.0.0.1:${cases.programPort}`, { method: 'HEAD' }).then(
        ({ ok }) => ok,
        () => false,
      );
    const untilUp = async () => {
      for (let tries = 0; tries < 300 && !(await answers()); tries += 1) await sleep(50);
      expect(await answers()).toBe(true);
    };
    await untilUp();
    await until('two restarts', () => starts(agent) >= 3);
    await untilUp();
    expect(agent.stderr()).not.toContain('Address already in use');
    agent.process.kill('SIGTERM');
    await agent.ended;
    expect(await answers()).toBe(false);
  });

  it('03: a token is requested again around its expiry, although Retry-After is an hour', async () => {
    const agent = cases.start(['run', '--config', cases.file('03')]);
    const times = () =>
      cases
        .requests()
        .filter(([, , path]) => path === '/o/then503')
        .map(([time]) => time);
    await until('the first token', () => read(cases.at('out', 'ra.json')));
    const expiry = Date.parse(JSON.parse(read(cases.at('out', 'ra.json')) ?? '').expiration_timestamp) / 1_000;
    await until('the end of the token', () => !existsSync(cases.at('out', 'ra.json')));
    await until('a request at the end', () => times().length === 4);
    const [, refused = 0, before = 0, at = 0] = times();
    expect(refused).toBeLessThan(before);
    expect(before).toBeLessThan(expiry);
    expect(Math.abs(at - expiry)).toBeLessThan(2);
    expect(agent.logged().filter(({ retry_in_seconds: wait }) => Number(wait) > 60)).toHaveLength(1);
  });

  it('10: a token leaves its file when it expires although the disk is full, and is not called fresh', async () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const socket = cases.at('out', 'full.sock');
    const config = cases.at('full.yaml');
    writeFileSync(config, `${readFileSync(cases.file('10'), 'utf8')}control: { socket: ${socket} }\n`, { mode: 0o600 });
    const agent = cases.start(['run', '--config', config], {
      inNamespace: `mount -t tmpfs -o size=16k,mode=755 tmpfs ${cases.at('full')}`,
    });
    const file = `/proc/${agent.process.pid}/root${cases.at('full', 't')}`;
    await until('the token', () => read(file));
    const filler = `/proc/${agent.process.pid}/root${cases.at('full', 'filler')}`;
    expect(() => writeFileSync(filler, Buffer.alloc(1_048_576))).toThrow('ENOSPC');
    await until('the failed write', () => agent.logged().some(({ msg }) => msg === 'an output failed'));
    expect(read(file)).toMatch(/^tok-/);
    const { code, stdout } = await runTokenrelay(['status', '--socket', socket, '--output', 'json']);
    const { tokens } = JSON.parse(stdout);
    expect({ code, tokens }).toMatchObject({
      code: 3,
      tokens: [{ state: 'retrying', healthy: false, outputs: [{ problem: 'the disk is full' }] }],
    });
    await until('the removal', () => read(file) === undefined || undefined);
    writeFileSync(filler, '');
    await until('the next token', () => read(file));
  });

  it('11: a file belongs to an account whose name has a dot', async () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const passwd = cases.at('passwd');
    writeFileSync(passwd, `${readFileSync('/etc/passwd', 'utf8')}app.svc:x:64321:64321::/:/usr/sbin/nologin\n`);
    cases.start(['run', '--config', cases.file('11')], { inNamespace: `mount --bind ${passwd} /etc/passwd` });
    await until('the file', () => read(cases.at('out', 'o.json')));
    expect(statSync(cases.at('out', 'o.json')).uid).toBe(64_321);
  });

  it('12: a process that writes its pid file late gets its signal within seconds', async () => {
    cases.start(['run', '--config', cases.file('12')]);
    await until('the token', () => read(cases.at('out', 'h.json')));
    await sleep(3_000);
    const program = spawn('sleep', ['600'], { stdio: 'ignore' });
    const ended = once(program, 'exit');
    writeFileSync(cases.at('out', 'app.pid'), `${program.pid}\n`, { mode: 0o644 });
    expect(await ended).toEqual([null, 'SIGHUP']);
  });

  it('14: renewals every 0.7 s do not put off the restart of a child', async () => {
    const agent = cases.start(['exec', '--config', cases.file('14'), '--', 'sh', '-c', 'echo start; exec sleep 100']);
    await until('two restarts', () => starts(agent) >= 3);
    agent.process.kill('SIGTERM');
    expect(await agent.ended).toBe('SIGTERM');
  });
});
