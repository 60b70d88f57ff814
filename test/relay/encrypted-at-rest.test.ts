import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { whyNoMount } from './support/mounts.ts';
import { type RelayFolder, read, relayFolder, startTokenrelay, until } from './support/run-tokenrelay.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const page = readFileSync(file('docs/how-to/encrypt-tokens-at-rest.md'), 'utf8');
/** Returns the code blocks of the page in a language. */
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
const SECRET = 'the-client-secret';

let folder: RelayFolder;
let port: number;
const bodies: string[] = [];
const server = createServer(async (request, response) => {
  bodies.push(await text(request));
  response.end(JSON.stringify({ access_token: 'a-token', token_type: 'Bearer', expires_in: 3_600 }));
});
beforeAll(async () => {
  folder = relayFolder();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  folder.remove();
});

/** Why systemd's tools cannot be tried here. */
function whyNot(program: string): string | undefined {
  return spawnSync(program, ['--version']).error === undefined ? undefined : `there is no ${program} here`;
}

it('the agent runs with the secrets that the page’s commands encrypt, and its cache is encrypted', async () => {
  const reason = whyNot('systemd-creds') ?? whyNoMount();
  if (reason !== undefined) return console.log(`not run: ${reason}`);
  const [store, credentials] = [join(folder.path, 'store'), join(folder.path, 'credentials')];
  mkdirSync(credentials, { mode: 0o700 });
  const here = (code: string) => code.replaceAll('/etc/credstore.encrypted', store);
  const encrypt = blocks('sh').filter((code) => code.includes('systemd-creds'));
  const typed = `systemd-ask-password -n 'client secret:'`;
  expect(encrypt.join('')).toContain(typed);
  const dropIn = blocks('ini').find((code) => code.startsWith('[Service]')) ?? '';
  const loaded = [...here(dropIn).matchAll(/^LoadCredentialEncrypted=([^:]+):(.*)$/gm)];
  // systemd decrypts each file under its name when it starts the unit.
  const decrypt = loaded.map(([, name, path]) => `systemd-creds decrypt --name=${name} ${path} ${credentials}/${name}`);
  // The key of this machine is not used, and none is left. systemd keeps no key on a tmpfs, which /tmp may be.
  mkdirSync(file('node_modules/.cache'), { recursive: true });
  const keys = mkdtempSync(file('node_modules/.cache/systemd-'));
  onTestFinished(() => rmSync(keys, { recursive: true }));
  const script = ['set -e', `mount --bind ${keys} /var/lib/systemd`, ...encrypt.map(here), ...decrypt].join('\n');
  execFileSync('unshare', ['--mount', 'sh', '-c', script.replace(typed, `printf %s ${SECRET}`)], { stdio: 'pipe' });
  expect(loaded.map(([, name]) => name)).toEqual(['app.client_secret', 'cache.key']);
  expect(readdirSync(store).sort()).toEqual(['app.client_secret', 'cache.key']);
  for (const name of readdirSync(store)) expect(readFileSync(join(store, name), 'utf8')).not.toContain(SECRET);

  const configuration = (blocks('yaml')[0] ?? '')
    .replace('https://auth.example.com', `http://127.0.0.1:${port}`)
    .replace('/run/tokenrelay/app.json', folder.output)
    .replace('/var/lib/tokenrelay/cache', join(folder.path, 'cache'));
  folder.configure(configuration);
  const agent = startTokenrelay(['run', '--config', folder.config], { CREDENTIALS_DIRECTORY: credentials });
  onTestFinished(() => void agent.process.kill('SIGKILL'));
  expect(await until('the token', () => read(folder.output))).toContain('a-token');
  const cache = await until('the cache', () => read(join(folder.path, 'cache')));
  expect(new URLSearchParams(bodies[0]).get('client_secret')).toBe(SECRET);
  expect(cache).not.toContain('a-token');
});

it('systemd accepts the page’s mount and drop-in', () => {
  const reason = whyNot('systemd-analyze');
  if (reason !== undefined) return console.log(`not run: ${reason}`);
  const units = join(folder.path, 'units');
  mkdirSync(join(units, 'tokenrelay.service.d'), { recursive: true });
  const service = join(units, 'tokenrelay.service');
  copyFileSync(file('clients/relay/packaging/systemd/tokenrelay.service'), service);
  const [mount = '', dropIn = ''] = blocks('ini');
  writeFileSync(join(units, 'srv-app-tokens.mount'), mount);
  writeFileSync(join(units, 'tokenrelay.service.d', 'encrypted.conf'), dropIn);
  const verify = (unit: string) =>
    spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
      .stderr.split('\n')
      .filter(
        (line) => line.includes(units) || /^(tokenrelay\.service|srv-app-tokens\.mount|.*encrypted\.conf):/.test(line),
      )
      // The program itself is not installed here.
      .filter((line) => !line.includes('/usr/bin/tokenrelay is not executable'));
  expect(verify(service)).toEqual([]);
  expect(verify(join(units, 'srv-app-tokens.mount'))).toEqual([]);
  // A complaint would be seen.
  writeFileSync(join(units, 'tokenrelay.service.d', 'wrong.conf'), '[Service]\nLoadCredentialEncryptd=a:/b\n');
  expect(verify(service)).toEqual([expect.stringContaining('LoadCredentialEncryptd')]);
});
