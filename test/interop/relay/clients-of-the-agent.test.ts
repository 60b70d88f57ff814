import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  conversation,
  noPythonClients,
  runAwsCli,
  runProgram,
  runPython,
  startPython,
} from '../../relay/support/python-clients.ts';
import {
  type RelayFolder,
  relayFolder,
  type Started,
  startTokenrelay,
  until,
} from '../../relay/support/run-tokenrelay.ts';
import { good, type ScriptedIssuer, scriptedIssuer } from '../../relay/support/scripted-issuer.ts';
import { ask, placeOf } from '../../unit/clients/relay/endpoints/ask.ts';

const digest = (value: string) => createHash('sha256').update(value).digest('hex');
const digestsOf = (mark: string) => [`AKIA${mark}`, `secret-${mark}`, `session-${mark}`].map(digest);
const EMAIL = 'relay@example-project.iam.gserviceaccount.com';

/** Tests one running agent, as it is shipped, with a command and an API as sources, and unmodified cloud clients. */
describe('unmodified clients of a running agent', () => {
  let folder: RelayFolder;
  let issuer: ScriptedIssuer;
  let agent: Started;
  /** Addresses by protocol. */
  const addresses = new Map<string, string>();
  const file = (name: string) => join(folder.path, 'out', name);
  const last = (name: string) => issuer.given.findLast((token) => token.startsWith(`${name}-`)) ?? 'none was given';

  /** Sets the credentials that the command prints. They expire so soon that boto3 requests new ones each time. */
  function issueKeys(mark: string): void {
    const keys = {
      Version: 1,
      AccessKeyId: `AKIA${mark}`,
      SecretAccessKey: `secret-${mark}`,
      SessionToken: `session-${mark}`,
      Expiration: new Date(Date.now() + 500_000).toISOString(),
    };
    writeFileSync(folder.issuer, JSON.stringify(keys), { mode: 0o600 });
  }

  async function renew(name: string): Promise<void> {
    const { status } = await ask(folder.socket, `/v1/tokens/${name}/refresh`, { method: 'POST' });
    expect(status).toBe(200);
  }

  beforeAll(async () => {
    folder = relayFolder();
    issuer = await scriptedIssuer({ google: [good(3_600)], vault: [good(3_600)], plain: [good(3_600)] });
    issueKeys('first');
    const ofIssuer = (name: string) => ({
      name,
      type: 'http',
      source: { url: `${issuer.url}/${name}`, expires_in_pointer: '/expires_in' },
    });
    const listen = '127.0.0.1:0';
    folder.configure({
      tokens: [
        {
          name: 'keys',
          type: 'exec',
          source: { command: ['/bin/cat', folder.issuer], format: 'credential-process' },
        },
        ofIssuer('google'),
        ofIssuer('vault'),
        ofIssuer('plain'),
      ],
      control: { socket: folder.socket },
      endpoints: [
        { protocol: 'aws-container-credentials', listen, authorization_file: { path: file('aws') } },
        {
          protocol: 'azure-managed-identity',
          listen,
          header_file: { path: file('azure') },
          resources: { 'https://vault.azure.net': 'vault' },
        },
        {
          protocol: 'gcp-metadata',
          listen,
          token: 'google',
          user_ids: [process.getuid?.()],
          project_id: 'example-project',
          email: EMAIL,
        },
        { protocol: 'tokens', listen: { unix: file('tokens.sock') }, tokens: ['plain'] },
      ],
    });
    agent = startTokenrelay(['run', '--config', folder.config]);
    await until('the agent to be ready', () => agent.logged().some(({ msg }) => msg === 'ready'));
    const listening = agent.logged().filter(({ msg }) => msg === 'listening');
    for (const { protocol, address } of listening) addresses.set(String(protocol), String(address));
  });
  afterAll(async () => {
    agent?.process.kill('SIGTERM');
    await agent?.ended;
    await issuer?.close();
    folder.remove();
  });

  it('curl gets a token through the Unix socket, and later the renewed one', async () => {
    const curl = async () => {
      const { output } = await runProgram('curl', [
        '-sS',
        '--unix-socket',
        file('tokens.sock'),
        'http://agent/v1/tokens/plain',
      ]);
      return JSON.parse(output);
    };
    const first = last('plain');
    expect(await curl()).toMatchObject({ name: 'plain', token: first });
    await renew('plain');
    expect((await curl()).token).toBe(last('plain'));
    expect(last('plain')).not.toBe(first);
  });

  if (noPythonClients === undefined) {
    it.concurrent('boto3 and the AWS CLI read keys, and later the renewed ones', async () => {
      const env = {
        HOME: folder.path,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${addresses.get('aws-container-credentials')}/credentials/keys`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file('aws'),
      };
      const boto3 = conversation(startPython('ask-boto3.py', env));
      expect(await boto3.next()).toEqual({ method: 'container-role', digests: digestsOf('first') });
      issueKeys('NEXT');
      await renew('keys');
      boto3.say();
      expect(await boto3.next()).toEqual({ method: 'container-role', digests: digestsOf('NEXT') });
      await boto3.end();
      const { output } = await runAwsCli(['configure', 'list'], env);
      expect(output).toMatch(/access_key\W+NEXT\W+container-role/);
    });

    it.concurrent('google-auth gets the renewed token', async () => {
      const first = last('google');
      await renew('google');
      const { host, port } = placeOf(addresses.get('gcp-metadata') ?? '');
      const at = `${host}:${port}`;
      const env = { HOME: folder.path, GCE_METADATA_HOST: at, GCE_METADATA_IP: at };
      const { output } = await runPython('ask-google-auth.py', env);
      expect(JSON.parse(output)).toMatchObject({
        project: 'example-project',
        email: EMAIL,
        digest: digest(last('google')),
      });
      expect(last('google')).not.toBe(first);
    });

    it.concurrent('azure-identity gets the renewed token', async () => {
      const first = last('vault');
      await renew('vault');
      const env = {
        HOME: folder.path,
        IDENTITY_ENDPOINT: `${addresses.get('azure-managed-identity')}/msi/token`,
        IDENTITY_HEADER: readFileSync(file('azure'), 'utf8'),
      };
      const { output } = await runPython('ask-azure-identity.py', env, { args: ['https://vault.azure.net/.default'] });
      const answers: [string, number][] = JSON.parse(output);
      expect(answers.map(([token]) => token)).toEqual([digest(last('vault')), digest(last('vault'))]);
      expect(last('vault')).not.toBe(first);
    });
  } else {
    it('prints why the cloud SDKs are not tested', () => {
      console.log(`not run: ${noPythonClients}`);
      expect(noPythonClients).not.toBe('');
    });
  }

  it('the agent logs no token and no key', () => {
    const said = agent.stdout() + agent.stderr();
    for (const secret of [...issuer.given, 'secret-first', 'session-first', readFileSync(file('azure'), 'utf8')]) {
      expect(said).not.toContain(secret);
    }
  });
});
