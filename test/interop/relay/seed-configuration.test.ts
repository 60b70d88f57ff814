import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import Provider from 'oidc-provider';
import { readConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { read, until } from '../../relay/support/run-tokenrelay.ts';
import { noRustyVault, type RustyVault, startRustyVault } from '../../relay/support/rusty-vault.ts';

const relay = (file: string) => fileURLToPath(new URL(`../../../clients/relay/${file}`, import.meta.url));
const example = fileURLToPath(new URL('seed-configuration.yaml', import.meta.url));
const unit = readFileSync(relay('packaging/systemd/tokenrelay.service'), 'utf8');
const unitSays = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

const CLIENT_SECRET = 'my_super_secret_client_password';
/** The user that runs the agent: a separate user if this process is root, otherwise the current user. */
const isRoot = process.getuid?.() === 0;
const uid = isRoot ? 61_234 : (process.getuid?.() ?? 0);
const gid = isRoot ? 61_234 : (process.getgid?.() ?? 0);

describe('the example configuration', () => {
  it('is valid without changes or warnings', async () => {
    const { configuration, warnings } = await readConfiguration(example, {});
    expect(configuration.tokens.map(({ name }) => name)).toEqual(['my_app_oauth_token', 'vault_db_creds']);
    expect(warnings).toEqual([]);
  });

  if (noRustyVault === undefined) {
    describe('run as the systemd unit runs it, under a prefix,', asTheUnitRunsIt);
  } else {
    it('prints why it is not run', () => {
      console.log(`not run: the example configuration as the unit runs it: ${noRustyVault}`);
      expect(noRustyVault).not.toBe('');
    });
  }
});

function asTheUnitRunsIt() {
  let prefix: string;
  let vault: RustyVault;
  let issuer: Server;
  const owned = (path: string, mode: number) => {
    chmodSync(path, mode);
    chownSync(path, uid, gid);
  };
  const folder = (path: string, mode: number) => {
    mkdirSync(join(prefix, path), { recursive: true, mode: 0o755 });
    owned(join(prefix, path), mode);
  };
  const secret = (name: string, content: string) => {
    const path = join(prefix, 'etc/tokenrelay/secrets', name);
    writeFileSync(path, `${content}\n`);
    owned(path, 0o400);
  };

  beforeAll(async () => {
    prefix = mkdtempSync(join(tmpdir(), 'tokenrelay-machine-'));
    chmodSync(prefix, 0o755);
    // The folders that systemd and the package create. /var/run is a link on every Linux.
    for (const path of ['usr/bin', 'var', 'run']) mkdirSync(join(prefix, path), { recursive: true });
    symlinkSync('../run', join(prefix, 'var/run'));
    folder('etc/tokenrelay/secrets', 0o750);
    folder('etc/tokenrelay', 0o750);
    folder(`run/${unitSays('RuntimeDirectory')}`, Number.parseInt(unitSays('RuntimeDirectoryMode'), 8));
    copyFileSync(relay('dist/tokenrelay.cjs'), join(prefix, 'usr/bin/tokenrelay'));
    copyFileSync(process.execPath, join(prefix, 'usr/bin/node'));

    const listening = await issuerOf(CLIENT_SECRET);
    issuer = listening.server;
    vault = await startRustyVault();
    await vault.asRoot('POST', 'sys/auth/approle', { type: 'approle' });
    const role = 'auth/approle/role/my-vm-app-role';
    await vault.asRoot('POST', role, { token_ttl: '600s', token_max_ttl: '3600s' });
    await vault.asRoot('POST', 'secret/data/my-app/database', { DB_USER: 'app', DB_PASS: 's3cret' });
    const dataOf = (answer: Record<string, unknown>) => answer.data as Record<string, string>;
    secret('oauth_client_secret', CLIENT_SECRET);
    secret('my-vm-app-role.role_id', dataOf(await vault.asRoot('GET', `${role}/role-id`)).role_id ?? '');
    secret('my-vm-app-role.secret_id', dataOf(await vault.asRoot('POST', `${role}/secret-id`, {})).secret_id ?? '');

    const pointed = readFileSync(example, 'utf8')
      .replace('https://auth.example.com/oauth/token', listening.endpoint)
      .replace('https://vault.example.com:8200', vault.address)
      .replaceAll('"/etc/', `"${prefix}/etc/`)
      .replaceAll('"/var/', `"${prefix}/var/`);
    writeFileSync(join(prefix, 'etc/tokenrelay/config.yaml'), pointed);
    owned(join(prefix, 'etc/tokenrelay/config.yaml'), 0o640);
  });
  afterAll(async () => {
    issuer?.closeAllConnections();
    issuer?.close();
    await vault?.stop();
    rmSync(prefix, { recursive: true, force: true });
  });

  /** Starts a command like the unit's ExecStart: with its user, no privileges, its umask and its environment. */
  function start(args: readonly string[]) {
    const drop = `--reuid=${uid} --regid=${gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all`;
    const become = isRoot ? `setpriv ${drop}` : '';
    const script = `umask ${unitSays('UMask')}; ulimit -c ${unitSays('LimitCORE')}; exec ${become} "$@"`;
    return spawn('/bin/sh', ['-c', script, 'unit', ...args], {
      cwd: '/',
      env: {
        PATH: `${prefix}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        RUNTIME_DIRECTORY: `${prefix}/run/tokenrelay`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
  const commandOf = (line: string) => line.split(' ').map((word) => word.replace(/^\/(?=usr\/|etc\/)/, `${prefix}/`));
  const written = (name: string) => join(prefix, 'var/run/tokenrelay', name);

  it('passes tokenrelay check', async () => {
    const check = start(commandOf('/usr/bin/tokenrelay check --config /etc/tokenrelay/config.yaml'));
    const [said, complained, [code]] = await Promise.all([
      text(check.stdout),
      text(check.stderr),
      once(check, 'close'),
    ]);
    expect({ code, complained, said }).toMatchObject({ code: 0 });
  });

  it('writes both tokens as configured, and exits when systemd stops it', async () => {
    const agent = start(commandOf(unitSays('ExecStart')));
    const said = Promise.all([text(agent.stdout), text(agent.stderr)]);
    try {
      const json = await until('the OAuth token', () => read(written('my_app_token.json')));
      const env = await until('the database credentials', () => read(written('db_creds.env')));
      const { token, expiration_timestamp } = JSON.parse(json);
      expect(token).toMatch(/^[\w-]{20,}$/);
      expect(Date.parse(expiration_timestamp) - Date.now()).toBeGreaterThan(500_000);
      expect(env.trim().split('\n').sort()).toEqual(['DB_PASS=s3cret', 'DB_USER=app']);
      const modes = ['my_app_token.json', 'db_creds.env'].map((name) => {
        const { mode, uid, gid } = statSync(written(name));
        return { mode: (mode & 0o7777).toString(8), uid, gid };
      });
      expect(modes).toEqual([
        { mode: '640', uid, gid },
        { mode: '600', uid, gid },
      ]);

      const status = start(commandOf('/usr/bin/tokenrelay status --output json'));
      const [listed, [code]] = await Promise.all([text(status.stdout), once(status, 'close')]);
      expect({ code, listed }).toMatchObject({ code: 0, listed: expect.stringContaining('"fresh"') });

      const ended = once(agent, 'close');
      agent.kill('SIGTERM');
      expect((await ended)[0]).toBe(0);
      const logs = (await said).join('');
      for (const value of [token, 's3cret', CLIENT_SECRET]) expect(logs).not.toContain(value);
    } finally {
      agent.kill('SIGKILL');
    }
  });
}

/** Starts node-oidc-provider with the example's client and scopes. */
async function issuerOf(clientSecret: string): Promise<{ server: Server; endpoint: string }> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'tokenrelay_vm_client',
        client_secret: clientSecret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
        scope: 'api.read api.write',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    scopes: ['api.read', 'api.write'],
    routes: { token: '/oauth/token' },
    ttl: { ClientCredentials: 3_600 },
    features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
  });
  const answer = provider.callback();
  return { server, endpoint: `${issuer}/oauth/token` };
}
