import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list';
import { signedFetch } from '@tvm/api/signed-fetch.ts';
import { REVOCATION_REQUESTED } from '@tvm/contract/events.ts';
import type { TokenClaims } from '@tvm/contract/token.ts';
import { decodeJwt } from 'jose';
import { startEmulator } from '#scripts/emulators/emulator.ts';
import { emulatorTarget, type Target } from '#scripts/emulators/target.ts';
import { type AuditWatch, watchAudit } from '#scripts/local/audit-watch.ts';
import { deploy } from '#scripts/local/deploy.ts';
import { createIdentities } from '#scripts/local/identities.ts';
import { miniStack } from '#scripts/local/ministack.ts';
import { report } from './apart.ts';
import { CheckFailed } from './check.ts';

/** The delay from a revocation to its visible effect, in milliseconds. */
export interface Delay {
  p50: number;
  p99: number;
  /** The ratio of the median to the median of a bare introspection call in the same run. */
  ratio: number;
}

export interface RevocationDelays {
  rounds: number;
  /** The median of an introspection call, in milliseconds. */
  introspection: number;
  inactive: Delay;
  statusList: Delay;
  audit: Delay;
  /** Delays of a workload that revokes its own task, alone and next to expensive requests of another workload. */
  loaded: { rounds: number; requests: number; byTask: Record<string, Delay> };
}

const ROUNDS = 50;

/**
 * The number of rounds in which a workload revokes its own task, and the requests per second of another workload
 * meanwhile.
 */
const TASK_ROUNDS = 20;
const REQUESTS = 20;
const PATIENCE = 30_000;

/** How often a request is sent again after a 503. */
const RETRIES = 5;

/**
 * Revokes tokens with events in a deployment made for this measurement, one after the other, and waits for each effect.
 */
async function measure(): Promise<RevocationDelays> {
  const dir = join(import.meta.dirname, '..', '.local', 'bench');
  const emulator = await startEmulator(miniStack, { port: 0, dir });
  try {
    const target = emulatorTarget(emulator.endpoint);
    const outputs = await deploy(target, dir);
    const identities = await createIdentities(target, outputs);
    const audit = await watchAudit(target, outputs.EventBusName);
    const callers = {
      workload: caller(target, identities.workload),
      resourceServer: caller(target, identities.resourceServer),
      operator: new EventBridgeClient({ ...target, credentials: identities.operator }),
    };
    const rounds = [];
    // The first round warms everything up.
    for (let round = 0; round <= ROUNDS; round++) {
      rounds.push(await oneRevocation(outputs.Issuer, outputs.EventBusName, callers, audit));
    }
    await audit.close();
    const measured = summary(rounds.slice(1));
    const alone = await ownTasks(outputs.Issuer, callers);
    const load = expensiveRequests(outputs.Issuer, signedFetch(identities.ciJob, target.region));
    const beside = await ownTasks(outputs.Issuer, callers);
    await load.stop();
    const delay = (delays: number[]): Delay => {
      const p50 = quantileOf(delays, 0.5);
      return { p50, p99: quantileOf(delays, 0.99), ratio: p50 / measured.introspection };
    };
    const byTask = { alone: delay(alone), [`beside ${REQUESTS} requests a second`]: delay(beside) };
    return { ...measured, loaded: { rounds: TASK_ROUNDS, requests: REQUESTS, byTask } };
  } finally {
    await emulator.stop();
  }
}

interface Callers {
  workload: Call;
  resourceServer: Call;
  operator: EventBridgeClient;
}

type Call = (url: string, form: Record<string, string>) => Promise<Record<string, unknown>>;

async function oneRevocation(issuer: string, EventBusName: string, callers: Callers, audit: AuditWatch) {
  const details = [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }];
  const { access_token: token, token_id: tokenId } = await callers.workload(`${issuer}/token`, {
    grant_type: 'client_credentials',
    audience: 'orders-db',
    authorization_details: JSON.stringify(details),
  });
  const { status } = decodeJwt<TokenClaims>(String(token));
  const introspect = async () =>
    (await callers.resourceServer(`${issuer}/introspect`, { token: String(token) })).active;

  const before = performance.now();
  if ((await introspect()) !== true) throw new CheckFailed('a new token is not active');
  const introspection = performance.now() - before;

  const began = performance.now();
  const Detail = JSON.stringify({ tokenId });
  const Entries = [{ EventBusName, Source: 'security.team', DetailType: REVOCATION_REQUESTED, Detail }];
  await callers.operator.send(new PutEventsCommand({ Entries }));
  const [inactive, statusList, audited] = await Promise.all([
    until(began, async () => (await introspect()) === false),
    until(began, async () => {
      const list = await fetch(status.status_list.uri);
      return list.ok && getListFromStatusListJWT(await list.text()).getStatus(status.status_list.idx) === 1;
    }),
    until(began, async () =>
      (await audit.arrived(1)).some(
        ({ detailType, detail }) => detailType === 'Token Revoked' && detail.tokenId === tokenId,
      ),
    ),
  ]);
  return { introspection, inactive, statusList, audit: audited };
}

/**
 * @returns for each round, the milliseconds from the revocation of a task until introspection reports its token as
 * inactive
 */
async function ownTasks(issuer: string, { workload, resourceServer }: Callers): Promise<number[]> {
  const details = [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }];
  const delays: number[] = [];
  for (let round = 0; round < TASK_ROUNDS; round++) {
    const task = `bench-${crypto.randomUUID()}`;
    const { access_token: token } = await workload(`${issuer}/token`, {
      grant_type: 'client_credentials',
      audience: 'orders-db',
      authorization_details: JSON.stringify(details),
      task,
    });
    const began = performance.now();
    // The request returns when the revocation is completed.
    const revoked = workload(`${issuer}/revoke`, { task });
    delays.push(
      await until(began, async () => {
        return (await resourceServer(`${issuer}/introspect`, { token: String(token) })).active === false;
      }),
    );
    await revoked;
  }
  return delays;
}

/** Sends requests of the maximum cost, all of which are denied, until it is stopped. */
function expensiveRequests(issuer: string, call: ReturnType<typeof signedFetch>): { stop(): Promise<void> } {
  const below = Array.from({ length: 14 }, (_, segment) => `s${segment}`).join('/');
  const locations = Array.from({ length: 50 }, (_, nth) => `vault/${nth}/${below}`);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    audience: 'orders-db',
    authorization_details: JSON.stringify([{ type: 'resource', locations, actions: ['read'] }]),
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const underWay = new Set<Promise<unknown>>();
  const timer = setInterval(() => {
    const response = call(`${issuer}/token`, { method: 'POST', headers, body })
      .then((response) => response.arrayBuffer())
      .catch(() => {})
      .finally(() => underWay.delete(response));
    underWay.add(response);
  }, 1_000 / REQUESTS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

/** @returns the milliseconds from `began` until the condition is true */
async function until(began: number, seen: () => Promise<boolean>): Promise<number> {
  while (!(await seen())) {
    if (performance.now() - began > PATIENCE) throw new CheckFailed('a revocation had no visible effect');
    await sleep(10);
  }
  return performance.now() - began;
}

function caller({ region }: Target, credentials: Parameters<typeof signedFetch>[0]): Call {
  const call = signedFetch(credentials, region);
  return async (url, form) => {
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    };
    let response = await call(url, request);
    // Under load, the service responds 503 with Retry-After if the emulator is too slow to store a record. Clients retry.
    for (let retry = 0; response.status === 503 && retry < RETRIES; retry++) {
      await sleep(Number(response.headers.get('retry-after')) * 1000);
      response = await call(url, request);
    }
    if (!response.ok) throw new CheckFailed(`${url} returned ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
}

type Round = Record<'introspection' | 'inactive' | 'statusList' | 'audit', number>;

function summary(rounds: Round[]): Omit<RevocationDelays, 'loaded'> {
  const introspection = quantile(rounds, 'introspection', 0.5);
  const delay = (of: keyof Round): Delay => {
    const p50 = quantile(rounds, of, 0.5);
    return { p50, p99: quantile(rounds, of, 0.99), ratio: p50 / introspection };
  };
  return {
    rounds: rounds.length,
    introspection,
    inactive: delay('inactive'),
    statusList: delay('statusList'),
    audit: delay('audit'),
  };
}

function quantile(rounds: Round[], of: keyof Round, share: number): number {
  return quantileOf(
    rounds.map((round) => round[of]),
    share,
  );
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

if (import.meta.main) await report(measure);
