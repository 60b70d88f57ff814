import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const relay = (file: string) => fileURLToPath(new URL(`../../clients/relay/${file}`, import.meta.url));
const unit = readFileSync(relay('packaging/systemd/tokenrelay.service'), 'utf8');
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokenrelay-packaging-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the systemd unit', () => {
  test.each([
    ['keeps tokens in /run while the agent restarts', 'RuntimeDirectoryPreserve=yes'],
    ['lets systemd create its log folder', 'LogsDirectory=tokenrelay'],
    ['creates files that no other user can read', 'UMask=0077'],
    ['leaves no core file', 'LimitCORE=0'],
    ['ends everything that the agent has started', 'KillMode=control-group'],
    ['keeps tokens out of swap', 'MemorySwapMax=0'],
    ['has no capabilities', 'CapabilityBoundingSet='],
    ['lets systemd-notify send messages for the agent', 'NotifyAccess=all'],
    ['runs the command of the seed', 'ExecStart=/usr/bin/tokenrelay --config /etc/tokenrelay/config.yaml'],
  ])('%s', (_what, line) => {
    expect(unit.split('\n')).toContain(line);
  });

  test('allows Node’s JIT compiler', () => {
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute=/m);
  });

  test.runIf(has('systemd-analyze'))('has an exposure below 2.0 in systemd-analyze', () => {
    const analysis = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', relay('packaging/systemd/tokenrelay.service')],
      { encoding: 'utf8' },
    ).stdout;
    const score = /exposure level for tokenrelay\.service: (\d+\.\d)/.exec(analysis)?.[1];
    console.log(`tokenrelay.service: exposure ${score} in systemd-analyze`);
    expect(Number(score)).toBeLessThan(2);
  });

  test.runIf(has('systemd-analyze'))('has no line that systemd does not understand', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', relay('packaging/systemd/tokenrelay.service')], {
      encoding: 'utf8',
    });
    const complaints = stderr.split('\n').filter((line) => line.includes('tokenrelay.service:'));
    // The program itself is not installed here.
    expect(complaints.filter((line) => !line.includes('/usr/bin/tokenrelay is not executable'))).toEqual([]);
  });
});

describe('the Debian package', () => {
  test.runIf(has('dpkg-deb'))('contains the program, its unit, its user and its folders, owned by root', () => {
    execFileSync(process.execPath, [relay('packaging/build-deb.mjs'), folder], { stdio: 'ignore' });
    const { version } = JSON.parse(readFileSync(relay('package.json'), 'utf8'));
    const deb = join(folder, `tokenrelay_${version}_all.deb`);
    const contents = execFileSync('dpkg-deb', ['--contents', deb], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/))
      .map(([mode = '', owner = '', , , , path = '']) => ({ mode, owner, path }))
      .filter(({ path }) => !path.endsWith('/'));
    expect(contents.map(({ path }) => path).sort()).toEqual([
      './usr/bin/tokenrelay',
      './usr/lib/systemd/system/tokenrelay.service',
      './usr/lib/sysusers.d/tokenrelay.conf',
      './usr/lib/tmpfiles.d/tokenrelay.conf',
      './usr/share/doc/tokenrelay/copyright',
      './usr/share/doc/tokenrelay/examples/cloud-init.yaml',
      './usr/share/doc/tokenrelay/examples/foreign-owners.conf',
      './usr/share/doc/tokenrelay/how-to/tokenrelay.md',
      './usr/share/doc/tokenrelay/reference/tokenrelay.md',
      './usr/share/tokenrelay/configuration.schema.json',
    ]);
    expect(new Set(contents.map(({ owner }) => owner))).toEqual(new Set(['root/root']));
    expect(contents.find(({ path }) => path === './usr/bin/tokenrelay')?.mode).toBe('-rwxr-xr-x');
    const scripts = join(folder, 'scripts');
    execFileSync('dpkg-deb', ['--control', deb, scripts]);
    for (const script of ['postinst', 'prerm', 'postrm']) execFileSync('sh', ['-n', join(scripts, script)]);
  });
});

describe('the bundle', () => {
  test.each(['20.20.2', '22.13.1'])('prints the Node version that it needs if it is run with %s', (node) => {
    const older = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } });`;
    const args = ['--import', `data:text/javascript,${encodeURIComponent(older)}`, relay('dist/tokenrelay.cjs')];
    const { stderr, status } = spawnSync(process.execPath, [...args, '--version'], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({
      stderr: `tokenrelay: needs Node 22.14 or newer; this is Node ${node}\n`,
      status: 1,
    });
  });
});

describe('the single executable', () => {
  let program: string;
  beforeAll(() => {
    program = join(folder, 'tokenrelay');
    execFileSync(process.execPath, [relay('packaging/build-executable.mjs'), program], { stdio: 'ignore' });
  });

  test('runs without an installed Node', () => {
    const { version } = JSON.parse(readFileSync(relay('package.json'), 'utf8'));
    const { stdout, status } = spawnSync(program, ['--version'], { env: { PATH: '/nowhere' }, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: `${version}\n`, status: 0 });
  });

  test('opens no inspector on a signal', async () => {
    // It polls an agent without a token, which shows that it is running.
    const polled = new EventEmitter();
    const agent = createServer((_, response) => {
      polled.emit('again');
      response.writeHead(503).end(JSON.stringify({ error: 'not_ready', error_description: 'not yet' }));
    });
    const socket = join(folder, 'agent.sock');
    agent.listen(socket);
    await once(agent, 'listening');
    const child = spawn(program, ['wait', 'token', '--socket', socket, '--timeout', '20'], {
      env: { PATH: '/nowhere' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = text(child.stderr);
    const ended = once(child, 'exit');
    for (let times = 0; times < 3; times += 1) {
      // Some versions of Node keep the default action of the signal, which ends the process: that opens no inspector
      // either.
      await Promise.race([once(polled, 'again'), ended]);
      child.kill('SIGUSR1');
    }
    await Promise.race([once(polled, 'again'), ended]);
    child.kill('SIGTERM');
    await ended;
    agent.close();
    expect(await said).toBe('');
  });
});
