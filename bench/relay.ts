import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { reportOf, start } from './apart.ts';
import { median } from './measure.ts';
import { type RelayAgent, startRelayAgent, until, untilWritten } from './relay-agent.ts';
import type { FakeRenewal } from './relay-fake-renewal.ts';

/** The number of measured starts. */
const STARTS = 9;
/** How long an agent is idle before its memory is read, in milliseconds. */
const IDLE = 12_000;
/** The number of tokens whose recovery is measured at the same time. */
const RECOVERING = 24;
/** How long the staleness of a token is observed, in milliseconds. */
const WATCHED = 20_000;

export interface RelayMeasures {
  /** Milliseconds; `ratio` is to the whole run of an empty Node process. */
  firstFile: { ms: number; ratio: number };
  /** MiB by the number of tokens, each over TLS, and with an AWS source. */
  resident: Record<string, number>;
  /** The measurements of ten minutes of renewals, by the number of tokens. */
  renewal: FakeRenewal[];
  /** Milliseconds from the source's return until a new token is on disk, for tokens close to expiry. */
  recovery: { p50: number; worst: number };
  /** The number of reads of a 5 s token while its source was up, and how many found it missing or expired. */
  staleness: { looks: number; stale: number };
}

/** Measures the resources that TokenRelay uses on a computer. */
export async function relayMeasures(): Promise<RelayMeasures> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenrelay-bench-tls-'));
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-keyout', key, '-out', certificate, ...subject], {
    stdio: 'ignore',
  });
  const [plain, tls] = [start('relay-issuer.ts'), start('relay-issuer.ts', certificate, key)];
  try {
    const [plainUrl, tlsUrl] = await Promise.all([reportOf<string>(plain), reportOf<string>(tls)]);
    const overTls = { ...oauthToken(`${tlsUrl}/token/3600`), ca_file: certificate };
    return {
      firstFile: await firstFile(plainUrl),
      resident: {
        '1 token': await resident(1, overTls),
        '20 tokens': await resident(20, overTls),
        '200 tokens': await resident(200, overTls),
        ...(await residentWithAws()),
      },
      renewal: await reportOf<FakeRenewal[]>(start('relay-fake-renewal.ts')),
      recovery: await recovery(plainUrl, async (word) => {
        plain.send(word);
        await reportOf(plain);
      }),
      staleness: await staleness(plainUrl),
    };
  } finally {
    plain.kill();
    tls.kill();
    rmSync(folder, { recursive: true });
  }
}

function oauthToken(endpoint: string) {
  return { endpoint, client_id: 'bench', client_secret_path: '$FOLDER/secret' };
}

function token(source: object) {
  return { type: 'oauth2_client_credentials', source };
}

async function firstFile(issuer: string): Promise<RelayMeasures['firstFile']> {
  const times: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    const empty = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    const nothing = performance.now() - empty;
    const began = performance.now();
    const agent = startRelayAgent([token(oauthToken(`${issuer}/token/3600`))]);
    await untilWritten(agent);
    times.push(performance.now() - began);
    ratios.push((performance.now() - began) / nothing);
    await agent.stop();
  }
  return { ms: median(times), ratio: median(ratios) };
}

async function resident(count: number, source: object, env?: NodeJS.ProcessEnv): Promise<number> {
  const agent = startRelayAgent(
    Array.from({ length: count }, () => token(source)),
    env,
  );
  return idleMemory(agent);
}

async function idleMemory(agent: RelayAgent): Promise<number> {
  try {
    await untilWritten(agent);
    await sleep(IDLE);
    return agent.residentMemory();
  } finally {
    await agent.stop();
  }
}

/** Measures the source `tvm` with a stub of TVM, with keys in the environment and with the whole credential chain. */
async function residentWithAws(): Promise<Record<string, number>> {
  const details = [{ type: 'resource', actions: ['read'], locations: ['orders-db/orders'] }];
  const service = createServer((request, response) => {
    request.resume();
    const answer = {
      access_token: 'e30.e30.e30',
      token_type: 'Bearer',
      expires_in: 900,
      token_id: '3f8b1a60-0000-4000-8000-000000000000',
      authorization_details: details,
    };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => service.listen(0, '127.0.0.1', listening));
  const address = service.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const source = {
    type: 'tvm',
    source: {
      endpoint: `http://127.0.0.1:${port}/v1`,
      region: 'eu-central-1',
      audience: 'orders-db',
      authorization_details: details,
    },
  };
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'an-example' };
  try {
    const command = `${process.execPath} -p 'JSON.stringify({Version:1,AccessKeyId:"AKIAIOSFODNN7EXAMPLE",SecretAccessKey:"an-example"})'`;
    const folder = mkdtempSync(join(tmpdir(), 'tokenrelay-bench-aws-'));
    const config = join(folder, 'config');
    writeFileSync(config, `[default]\nregion = eu-central-1\ncredential_process = ${command}\n`);
    const chain = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
    const measured = {
      'tvm, keys in the environment': await idleMemory(startRelayAgent([source], keys)),
      'tvm, by the AWS credential chain': await idleMemory(startRelayAgent([source], chain)),
    };
    rmSync(folder, { recursive: true });
    return measured;
  } finally {
    service.closeAllConnections();
    service.close();
  }
}

async function recovery(issuer: string, tell: (word: string) => Promise<void>): Promise<RelayMeasures['recovery']> {
  // The source goes away before the renewal (at two thirds of the lifetime) and returns when less than a third is left.
  const agent = startRelayAgent(Array.from({ length: RECOVERING }, () => token(oauthToken(`${issuer}/token/15`))));
  try {
    await untilWritten(agent);
    const before = agent.files.map(contentOf);
    await sleep(5_000);
    await tell('away');
    await sleep(6_500);
    await tell('back');
    const returned = performance.now();
    const times = await Promise.all(
      agent.files.map(async (file, index) => {
        await until(() => contentOf(file) !== '' && contentOf(file) !== before[index], 'a new token is in its file');
        return performance.now() - returned;
      }),
    );
    return { p50: median(times), worst: Math.max(...times) };
  } finally {
    await agent.stop();
  }
}

async function staleness(issuer: string): Promise<RelayMeasures['staleness']> {
  const agent = startRelayAgent([token(oauthToken(`${issuer}/token/5`))]);
  const [file = ''] = agent.files;
  try {
    await untilWritten(agent);
    const end = performance.now() + WATCHED;
    let looks = 0;
    let stale = 0;
    while (performance.now() < end) {
      looks += 1;
      const content = contentOf(file);
      if (content === '' || Date.parse(JSON.parse(content).expiration_timestamp) <= Date.now()) stale += 1;
      await sleep(5);
    }
    return { looks, stale };
  } finally {
    await agent.stop();
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
