import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkConfiguration } from 'tokenrelay/check/check-configuration.ts';
import { serviceUnit } from 'tokenrelay/check/service-unit.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seed } from '../config/seed.ts';
import { isRoot, NOBODY, useFolder } from '../outputs/a-folder.ts';

const path = useFolder();
const exec = { name: 'a', type: 'exec', source: { command: ['/bin/true'] } };
const tvm = { name: 'a', type: 'gcp_service_account', source: {} };

/** The user of the unit: another user if the test runs as root, otherwise the same user. */
const AGENT = isRoot ? 'nobody' : `${process.getuid?.()}`;

const unitOf = (...lines: string[]) => serviceUnit('/x.service', [['[Service]', `User=${AGENT}`, ...lines].join('\n')]);

function configure(configuration: object, mode = 0o640): string {
  const file = path('config.yaml');
  writeFileSync(file, JSON.stringify(configuration));
  chmodSync(file, mode);
  return file;
}

async function findings(configuration: object, unit?: ReturnType<typeof unitOf>, env: NodeJS.ProcessEnv = {}) {
  const { findings } = await checkConfiguration(configure(configuration), { env, unit });
  return findings.map(({ level, sentence }) => `${level} ${sentence.replaceAll(dirname(path('x')), '')}`);
}

describe('a check without a unit', () => {
  it('finds nothing if everything is right', async () => {
    const secret = path('secret');
    writeFileSync(secret, 'x', { mode: 0o600 });
    const output = { file_path: path('token'), format: 'raw' };
    const cache = { path: path('cache'), key_path: secret };
    expect(await findings({ tokens: [{ ...exec, output }], cache })).toEqual([]);
  });

  it('reports every error of an invalid configuration, and checks nothing else', async () => {
    const { configuration, findings, looked } = await checkConfiguration(configure({ tokens: [], log: 1 }), {
      env: {},
      unit: undefined,
    });
    expect(configuration).toBeUndefined();
    expect(findings.map(({ level }) => level)).toEqual(['error', 'error']);
    expect(looked).toEqual(['configuration']);
  });

  it('reports a configuration that others can write: an error if it runs commands, else a warning', async () => {
    const levels = async (token: object) => {
      const file = configure({ tokens: [token] }, 0o660);
      return (await checkConfiguration(file, { env: {}, unit: undefined })).findings;
    };
    expect(await levels(exec)).toMatchObject([
      { level: 'error', sentence: expect.stringContaining('other users can write') },
    ]);
    expect(await levels(tvm)).toMatchObject([{ level: 'warning' }]);
    const hook = { action: 'reload', unit: 'a.service' };
    expect((await levels({ ...tvm, after_renewal: hook }))[0]).toMatchObject({ level: 'error' });
  });

  it('reports the position of each finding, and how to start without a file', async () => {
    const file = path('config.yaml');
    const text = ['tokens:', '  - name: a', '    type: exec', '    source: { command: [/none/x] }', '    output:'];
    writeFileSync(file, [...text, `      - { file_path: ${path('none/a')}, format: raw }`].join('\n'), { mode: 0o600 });
    const { findings } = await checkConfiguration(file, { env: {}, unit: undefined });
    expect(findings).toMatchObject([
      { sentence: expect.stringMatching(/^tokens\[0\]\.output\[0\]: /), line: 6, column: 9 },
      { sentence: 'tokens[0].source.command: /none/x does not exist', line: 4, column: 24 },
    ]);
    const none = await checkConfiguration(path('none.yaml'), { env: {}, unit: undefined });
    expect(none.findings).toMatchObject([
      {
        sentence: 'the file does not exist',
        help: `tokenrelay init --file ${path('none.yaml')} writes a first configuration`,
      },
    ]);
  });

  it('reports folders of outputs that are missing or that others can write in', async () => {
    mkdirSync(path('open'));
    chmodSync(path('open'), 0o777);
    const output = ['none/a', 'open/b'].map((name) => ({ file_path: path(name), format: 'raw' }));
    expect(await findings({ tokens: [{ ...exec, output }] })).toEqual([
      'error tokens[0].output[0]: /none does not exist',
      expect.stringMatching(/^error tokens\[0\]\.output\[1\]: other users can write in \/open, which has mode 0777/),
    ]);
  });

  it('reports secrets that are missing, empty or readable by others, and no others', async () => {
    for (const [name, text, mode] of [
      ['open', 'x', 0o644],
      ['empty', '', 0o600],
      ['good', 'x', 0o600],
    ] as const) {
      writeFileSync(path(name), text);
      chmodSync(path(name), mode);
    }
    const token = (name: string) => ({
      name,
      type: 'oauth2_client_credentials',
      source: { endpoint: 'https://x.example', client_id: 'x', client_secret: { file: path(name) } },
    });
    expect(await findings({ tokens: ['open', 'empty', 'good', 'none'].map(token) })).toEqual([
      'error tokens[0].source.client_secret: /open is readable by every user: run chmod o-r on it',
      'error tokens[1].source.client_secret: /empty is empty',
      'error tokens[3].source.client_secret: /none does not exist',
    ]);
  });

  it('reports missing AppRole ids', async () => {
    mkdirSync(path('secrets'));
    writeFileSync(path('secrets/app.role_id'), 'x', { mode: 0o600 });
    const source = { vault_addr: 'https://x.example', vault_role: 'app', vault_path: 'secret/data/x' };
    const vault = (auth: object) => ({ name: 'a', type: 'hashicorp_vault_kv', source: { ...source, ...auth } });
    const missing = 'error tokens[0].source.vault_role: /secrets/app.secret_id does not exist';
    expect(await findings({ tokens: [vault({})] })).toEqual([missing]);
    expect(await findings({ tokens: [vault({ auth: { method: 'approle' } })] })).toEqual([missing]);
    const given = { auth: { method: 'approle', wrapped_secret_id: { env: 'S' } } };
    expect(await findings({ tokens: [vault(given)] }, undefined, { S: 'x' })).toEqual([]);
  });

  it('reports problems with certificates, keys and commands', async () => {
    writeFileSync(path('key'), 'x');
    chmodSync(path('key'), 0o644);
    writeFileSync(path('command'), 'x', { mode: 0o600 });
    const client_certificate = { cert_path: path('none'), key_path: path('key') };
    const oauth = { endpoint: 'https://x.example', client_id: 'x', client_secret: { env: 'S' }, client_certificate };
    const tokens = [
      { name: 'a', type: 'oauth2_client_credentials', source: oauth },
      { ...exec, name: 'b', after_renewal: [{ command: [path('command')] }] },
    ];
    const found = await findings({ tokens, alerts: [{ command: [path('absent')] }] }, undefined, { S: 'x' });
    expect(found).toEqual([
      'error tokens[0].source.client_certificate.cert_path: /none does not exist',
      expect.stringContaining('error tokens[0].source.client_certificate.key_path: /key is readable by every user'),
      expect.stringMatching(/^error tokens\[1\]\.after_renewal\[0\]\.command: \/command cannot be run by user/),
      'error alerts[0].command: /absent does not exist',
    ]);
  });

  it('reports users and groups that do not exist', async () => {
    const output = { file_path: path('token'), format: 'raw', owner: 'no-such-user', group: 'no-such-group' };
    expect(await findings({ tokens: [{ ...exec, output }] })).toEqual([
      'error tokens[0].output.owner: there is no user no-such-user on this machine',
      'error tokens[0].output.group: there is no group no-such-group on this machine',
    ]);
  });

  it('warns that a signal cannot change an environment', async () => {
    const found = await findings({ tokens: [exec], exec: { on_renewal: { signal: 'SIGHUP' } } });
    expect(found).toEqual([
      expect.stringContaining('warning exec.on_renewal: a signal cannot change the child’s environment'),
    ]);
  });

  it('warns about variables and credentials that only the service may have', async () => {
    const cache = { path: path('cache'), key: { credential: 'key' } };
    const source = { endpoint: 'https://x.example', client_id: 'x', client_secret: { env: 'NOT_HERE' } };
    expect(await findings({ tokens: [{ name: 'a', type: 'oauth2_client_credentials', source }], cache })).toEqual([
      'warning tokens[0].source.client_secret: the environment variable NOT_HERE is not set here',
      'warning cache.key: the credential key is available only in a systemd unit',
    ]);
  });
});

describe('a check with a unit', () => {
  beforeEach(() => {
    chmodSync(path('.'), 0o755);
    if (isRoot) chownSync(path('.'), NOBODY, NOBODY);
  });
  afterEach(() => chmodSync(path('.'), 0o755));
  const takeAway = () => (isRoot ? chownSync(path('.'), 0, 0) : chmodSync(path('.'), 0o555));
  const readable = (configuration: object) => {
    configure(configuration);
    chmodSync(path('config.yaml'), 0o644);
  };
  async function withUnit(configuration: object, ...lines: string[]) {
    readable(configuration);
    const { findings } = await checkConfiguration(path('config.yaml'), { env: {}, unit: unitOf(...lines) });
    return findings.map(({ sentence, help }) => `${sentence} → ${help}`.replaceAll(dirname(path('x')), ''));
  }
  const output = () => ({ file_path: path('token'), format: 'raw' });

  it('finds nothing if the unit allows everything', async () => {
    expect(await withUnit({ tokens: [{ ...tvm, output: output() }] }, 'ProtectSystem=full')).toEqual([]);
  });

  it('names the capability that another owner, a group or a low port needs', async () => {
    const given = { ...output(), owner: 'root', group: 'root' };
    const endpoints = [{ protocol: 'monitoring', listen: '127.0.0.1:1' }];
    const asked = { tokens: [{ ...tvm, output: given }], endpoints };
    const needed = ['CAP_CHOWN', 'CAP_NET_BIND_SERVICE'].join(' ');
    expect(await withUnit(asked)).toEqual([
      expect.stringMatching(/output\.owner: .* without CAP_CHOWN → AmbientCapabilities=CAP_CHOWN/),
      expect.stringMatching(/output\.group: .* → SupplementaryGroups=root in the unit/),
      expect.stringMatching(/endpoints\[0\]\.listen: port 1 .* lacks CAP_NET_BIND_SERVICE → AmbientCapabilities=/),
    ]);
    expect(await withUnit(asked, `AmbientCapabilities=${needed}`)).toEqual([]);
    expect(
      await withUnit({ tokens: [{ ...tvm, output: { ...output(), group: 'root' } }] }, 'SupplementaryGroups=root'),
    ).toEqual([]);
  });

  it('names the paths that the unit hides or protects', async () => {
    const asked = { tokens: [{ ...tvm, output: output() }] };
    const folder = dirname(path('token'));
    expect(await withUnit(asked, 'ProtectSystem=strict')).toEqual([
      expect.stringContaining('→ ReadWritePaths= in the unit'),
    ]);
    expect(await withUnit(asked, 'ProtectSystem=strict', `ReadWritePaths=${folder}`)).toEqual([]);
    expect(await withUnit(asked, 'PrivateTmp=yes', `TemporaryFileSystem=${folder}`)).toEqual([
      expect.stringContaining('is private to the unit, so no other program can see'),
    ]);
  });

  it('treats folders that systemd creates as existing', async () => {
    const made = { file_path: '/run/made-at-start/token', format: 'raw' };
    expect(await withUnit({ tokens: [{ ...tvm, output: made }] }, 'RuntimeDirectory=made-at-start')).toEqual([]);
    expect(await withUnit({ tokens: [{ ...tvm, output: made }] })).toEqual([
      expect.stringContaining('/run/made-at-start does not exist → RuntimeDirectory=made-at-start in the unit'),
    ]);
  });

  it('reports files that the unit’s user cannot read or write', async () => {
    readable({ tokens: [{ ...tvm, output: output() }] });
    takeAway();
    const sentences = async () => {
      const { findings } = await checkConfiguration(path('config.yaml'), { env: {}, unit: unitOf() });
      return findings.map(({ sentence }) => sentence);
    };
    const folder = `tokens[0].output: ${dirname(path('x'))} cannot be entered and written in by user ${AGENT}`;
    expect(await sentences()).toEqual([folder]);
    chmodSync(path('config.yaml'), isRoot ? 0o600 : 0o000);
    if (isRoot) expect(await sentences()).toEqual([`${path('config.yaml')} cannot be read by user nobody`, folder]);
    else expect(await sentences()).toEqual(['the file cannot be read by this user']);
  });

  it('requires permission for signals to other users’ processes and units', async () => {
    writeFileSync(path('pid'), `${process.pid}\n`);
    const signal = { signal: 'SIGHUP', pid_file: path('pid') };
    const asked = { tokens: [{ ...tvm, after_renewal: signal }] };
    if (isRoot) chownSync(path('.'), 0, 0);
    // Other users than root may signal only their own processes.
    const lacking = expect.stringMatching(/lacks CAP_KILL → AmbientCapabilities=CAP_KILL/);
    expect(await withUnit(asked)).toEqual(isRoot ? [lacking] : []);
    writeFileSync(path('pid'), '\n');
    expect(await withUnit(asked)).toEqual([expect.stringContaining('names none yet')]);
    writeFileSync(path('pid'), `${process.pid}\n`);
    expect(await withUnit(asked, 'AmbientCapabilities=CAP_KILL')).toEqual([]);
    expect(await withUnit({ tokens: [{ ...tvm, after_renewal: { action: 'reload', unit: 'a.service' } }] })).toEqual([
      expect.stringContaining(`user ${AGENT} needs a polkit rule to reload a.service`),
    ]);
  });

  it('requires credentials and variables in the unit', async () => {
    const asked = { tokens: [tvm], cache: { path: path('cache'), key: { credential: 'key' } } };
    expect(await withUnit(asked)).toEqual([
      expect.stringContaining('the unit does not set the credential key → LoadCredential=key:'),
    ]);
    expect(await withUnit(asked, 'LoadCredential=key:/etc/key')).toEqual([]);
    const source = { endpoint: 'https://x.example', client_id: 'x', client_secret: { env: 'S' } };
    const variable = { tokens: [{ name: 'a', type: 'oauth2_client_credentials', source }] };
    expect(await withUnit(variable)).toEqual([
      expect.stringContaining('the unit does not set the environment variable S'),
    ]);
    expect(await withUnit(variable, 'Environment="S=x"')).toEqual([]);
  });

  it('accepts the published configuration for the packaged unit, except for its secrets', async () => {
    const packaged = readFileSync(
      new URL('../../../../../clients/relay/packaging/systemd/tokenrelay.service', import.meta.url),
    );
    const text = packaged
      .toString()
      .replace(/^User=.*$/m, `User=${AGENT}`)
      .replace(/^Group=.*$/m, '');
    writeFileSync(path('config.yaml'), seed.replace('/etc/tokenrelay/secrets', path('secrets')));
    chmodSync(path('config.yaml'), 0o644);
    const unit = serviceUnit('/usr/lib/systemd/system/tokenrelay.service', [text]);
    const { findings } = await checkConfiguration(path('config.yaml'), { env: {}, unit });
    expect(findings.map(({ sentence }) => sentence)).toEqual([
      `tokens[0].source.client_secret_path: ${path('secrets/oauth_client_secret')} does not exist`,
      `tokens[1].source.vault_role: ${path('secrets/my-vm-app-role.role_id')} does not exist`,
      `tokens[1].source.vault_role: ${path('secrets/my-vm-app-role.secret_id')} does not exist`,
    ]);
  });

  it('reports what prevents the unit from starting', async () => {
    expect(await withUnit({ tokens: [tvm] }, 'MemoryDenyWriteExecute=yes', 'ReadWritePaths=/no/such/folder')).toEqual([
      expect.stringContaining('which makes Node abort'),
      expect.stringContaining('the unit names /no/such/folder, which does not exist'),
    ]);
    expect(await withUnit({ tokens: [tvm] }, 'PrivateTmp=yes # its own')).toEqual([
      expect.stringContaining('PrivateTmp= has a comment after its value'),
    ]);
    readable({ tokens: [tvm] });
    const unit = serviceUnit('/x', ['[Service]\nUser=no-such-user']);
    const { findings } = await checkConfiguration(path('config.yaml'), { env: {}, unit });
    expect(findings).toMatchObject([{ level: 'error', area: 'unit' }]);
  });
});
