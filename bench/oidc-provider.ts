import type { ChildProcess } from 'node:child_process';
import { reportOf, start } from './apart.ts';
import { CheckFailed, verifiedToken } from './check.ts';
import { median } from './measure.ts';
import type { TokenServer } from './token-server.ts';

const ROUNDS = 11;
const WARM_UP = 2_000;
const REQUESTS = 300;

/** CPU time of each server for one token, in microseconds, and the median of the rounds' ratios. */
export interface OidcProviderBesideOurs {
  tvm: number;
  oidcProvider: number;
  /** The CPU time of node:http itself, which both servers include. */
  nothing: number;
  ratio: number;
}

type Running = TokenServer & { server: ChildProcess };

/**
 * Compares node-oidc-provider with TVM. Both issue JWT access tokens with client_credentials. Each runs behind
 * node:http in its own process, and this process sends requests over loopback in turns. Only the servers' CPU time
 * counts.
 */
export async function oidcProviderBesideOurs(): Promise<OidcProviderBesideOurs> {
  const [tvm, oidcProvider, nothing] = await Promise.all([run('tvm'), run('oidc-provider'), run('nothing')]);
  try {
    for (const server of [tvm, oidcProvider]) {
      const response = await ask(server);
      await verifiedToken({ statusCode: response.status, body: await response.text() }, server.jwks);
    }
    for (const server of [tvm, oidcProvider, nothing]) await cpuOf(server, WARM_UP);

    const rounds: Omit<OidcProviderBesideOurs, 'ratio'>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        tvm: await cpuOf(tvm, REQUESTS),
        oidcProvider: await cpuOf(oidcProvider, REQUESTS),
        nothing: await cpuOf(nothing, REQUESTS),
      });
    }
    return {
      tvm: median(rounds.map((round) => round.tvm)),
      oidcProvider: median(rounds.map((round) => round.oidcProvider)),
      nothing: median(rounds.map((round) => round.nothing)),
      ratio: median(rounds.map((round) => round.oidcProvider / round.tvm)),
    };
  } finally {
    for (const { server } of [tvm, oidcProvider, nothing]) server.kill();
  }
}

async function run(endpoint: string): Promise<Running> {
  const server = start('token-server.ts', endpoint);
  return { ...(await reportOf<TokenServer>(server)), server };
}

function ask({ url, form }: TokenServer): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  });
}

/** Returns the server's CPU time for one request, as the mean over sequential requests. */
async function cpuOf(running: Running, requests: number): Promise<number> {
  const before = await cpuTime(running);
  for (let i = 0; i < requests; i++) {
    const response = await ask(running);
    await response.arrayBuffer();
    if (!response.ok) throw new CheckFailed(`${running.url} returned ${response.status} during the measurement`);
  }
  return ((await cpuTime(running)) - before) / requests;
}

async function cpuTime({ server }: Running): Promise<number> {
  server.send('cpu time');
  const { user, system } = await reportOf<NodeJS.CpuUsage>(server);
  return user + system;
}
