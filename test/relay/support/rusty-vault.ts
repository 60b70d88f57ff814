import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * RustyVault, another implementation of Vault's API: as built by `npm run test:interop`, or the program that RVAULT
 * names.
 */
const binary = process.env.RVAULT ?? fileURLToPath(new URL('../../../.local/rusty-vault/bin/rvault', import.meta.url));

/** Why the tests with RustyVault cannot run here; undefined if they can. */
export const noRustyVault = isExecutable(binary)
  ? undefined
  : (process.env.RUSTY_VAULT_MISSING ??
    'RustyVault is not built; `npm run test:interop` builds it if cargo is installed');

export interface RustyVault {
  address: string;
  rootToken: string;
  folder: string;
  /** Sends a request as root. @throws {Error} for any status other than 200 to 299 */
  asRoot(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Restarts it on the same storage with TLS. It requests client certificates. @param pem in PEM */
  restartWithTls(pem: { cert: string; key: string; ca: string }): Promise<void>;
  /** Stops it and removes its files. */
  stop(): Promise<void>;
}

/** Starts an empty and unsealed server. */
export async function startRustyVault(): Promise<RustyVault> {
  const folder = await mkdtemp(join(tmpdir(), 'rusty-vault-'));
  const port = await freePort();
  let tls: { ca: string } | undefined;
  let run = await started(folder, port, []);
  const ask = (method: string, path: string, body?: object, token?: string) =>
    send(`${vault.address}/v1/${path}`, method, body, token, tls?.ca);
  const vault = { address: `http://127.0.0.1:${port}` };
  const { keys, root_token: rootToken } = (await ask('PUT', 'sys/init', {
    secret_shares: 1,
    secret_threshold: 1,
  })) as { keys: string[]; root_token: string };
  const unseal = async () => void (await ask('PUT', 'sys/unseal', { key: keys[0] }));
  await unseal();
  return Object.assign(vault, {
    rootToken,
    folder,
    unseal,
    asRoot: (method: string, path: string, body?: object) => ask(method, path, body, rootToken),
    seal: async () => void (await ask('PUT', 'sys/seal', undefined, rootToken)),
    async restartWithTls({ cert, key, ca }: { cert: string; key: string; ca: string }) {
      await run.stop();
      const [certFile, keyFile, caFile] = ['server.crt', 'server.key', 'ca.crt'].map((name) => join(folder, name));
      await Promise.all([
        writeFile(certFile ?? '', cert),
        writeFile(keyFile ?? '', key, { mode: 0o600 }),
        writeFile(caFile ?? '', ca),
      ]);
      run = await started(folder, port, [
        'tls_disable = "false"',
        `tls_cert_file = "${certFile}"`,
        `tls_key_file = "${keyFile}"`,
        `tls_client_ca_file = "${caFile}"`,
      ]);
      vault.address = `https://127.0.0.1:${port}`;
      tls = { ca };
      await unseal();
    },
    async stop() {
      await run.stop();
      await rm(folder, { recursive: true, force: true });
    },
  });
}

/** Starts the server. The blocks of its configuration need one attribute per line. */
async function started(folder: string, port: number, listener: string[]) {
  const configuration = [
    'storage "file" {',
    `  path = "${folder}/data"`,
    '}',
    'listener "tcp" {',
    `  address = "127.0.0.1:${port}"`,
    ...(listener.length > 0 ? listener : ['tls_disable = "true"']).map((line) => `  ${line}`),
    '}',
    `work_dir = "${folder}/work"`,
    `pid_file = "${folder}/pid"`,
    'log_level = "error"',
    'daemon = false',
  ];
  await writeFile(join(folder, 'config.hcl'), configuration.join('\n'));
  const server = spawn(binary, ['server', `--config=${folder}/config.hcl`], { cwd: folder, stdio: 'ignore' });
  const ended = once(server, 'exit');
  while (!(await isListening(port))) {
    if (server.exitCode !== null) throw new Error(`RustyVault exited with ${server.exitCode}`);
    await wait(20);
  }
  return {
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const probe = request({ host: '127.0.0.1', port, path: '/v1/sys/seal-status', agent: false });
  probe.end();
  try {
    const [response] = await once(probe, 'response');
    response.resume();
    return true;
  } catch (error) {
    // It also listens when it uses TLS, and then closes a connection without TLS.
    return (error as NodeJS.ErrnoException).code !== 'ECONNREFUSED';
  }
}

async function send(url: string, method: string, body?: object, token?: string, ca?: string) {
  const headers = token === undefined ? {} : { 'x-vault-token': token };
  const send = url.startsWith('https:') ? tlsRequest : request;
  const sent = send(url, { method, headers, agent: false, ...(ca !== undefined && { ca }) });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = await once(sent, 'response');
  const answer = await text(response);
  if (response.statusCode > 299) throw new Error(`RustyVault returned ${response.statusCode} for ${method} ${url}`);
  return (answer === '' ? {} : JSON.parse(answer)) as Record<string, unknown>;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
