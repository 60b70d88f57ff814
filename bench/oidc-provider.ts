import type { ChildProcess } from 'node:child_process';
import { reportOf, start } from './apart.ts';
import { CheckFailed, verifiedToken } from './check.ts';
import { median } from './measure.ts';
import type { TokenServer } from './token-server.ts';

const ROUNDS = 11;
const WARM_UP = 2_000;
const REQUESTS = 300;

/** CPU time of each server for one token, in microseconds, and the medians of the rounds' ratios. */
export interface OidcProviderBesideOurs {
  tvm: number;
  oidcProvider: number;
  /** What node:http itself costs, which is in both. */
  nothing: number;
  ratio: number;
}

type Running = TokenServer & { server: ChildProcess };

/**
 * node-oidc-provider issuing JWT access tokens by client_credentials, beside ours: each behind node:http in a process
 * of its own, asked over loopback by this one, turn by turn. Only the servers' CPU time counts.
 */
export async function oidcProviderBesideOurs(): Promise<OidcProviderBesideOurs> {
  const [tvm, oidcProvider, nothing] = await Promise.all([run('tvm'), run('oidc-provider'), run('nothing')]);
  try {
    for (const server of [tvm, oidcProvider]) {
      const answer = await ask(server);
      await verifiedToken({ statusCode: answer.status, body: await answer.text() }, server.jwks);
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

/** The server's CPU time for one request, over as many as told, one after the other. */
async function cpuOf(running: Running, requests: number): Promise<number> {
  const before = await cpuTime(running);
  for (let i = 0; i < requests; i++) {
    const answer = await ask(running);
    await answer.arrayBuffer();
    if (!answer.ok) throw new CheckFailed(`${running.url} answered ${answer.status} while it was measured`);
  }
  return ((await cpuTime(running)) - before) / requests;
}

async function cpuTime({ server }: Running): Promise<number> {
  server.send('cpu time');
  const { user, system } = await reportOf<NodeJS.CpuUsage>(server);
  return user + system;
}
