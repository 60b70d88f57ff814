/**
 * `relay-fake-renewal.ts`, started by relay.ts: runs the agent through ten minutes of a simulated clock. The agent
 * renews tokens that live for a minute, each in a file. Reports the CPU time of this process.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenSet } from 'tokenrelay/agent/token-set.ts';
import type { TokenSettings } from 'tokenrelay/config/configuration.ts';
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import { fakeClock } from '#test/unit/clients/relay/agent/fake-clock.ts';
import { report } from './apart.ts';

export interface FakeRenewal {
  tokens: number;
  renewals: number;
  /** CPU time for ten minutes, in milliseconds. */
  cpu: number;
}

const LIFETIME = 60_000;
const TEN_MINUTES = 600_000;
const STEP = 1_000;

async function tenMinutes(tokens: number): Promise<FakeRenewal> {
  const folder = mkdtempSync(join(tmpdir(), 'tokenrelay-bench-renewal-'));
  const clock = fakeClock();
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  let renewals = 0;
  const settings = Array.from({ length: tokens }, (_, index) => ({
    name: `token-${index}`,
    type: 'http',
    source: {},
    output: { file_path: join(folder, `${index}.json`), format: 'json' },
  })) as unknown as TokenSettings[];
  const before = process.cpuUsage();
  const agent = tokenSet(
    { tokens: settings },
    { clock, log: silent, env: {}, configFolder: folder, configFile: join(folder, 'config.json') },
    {
      source: () => ({
        async fetch() {
          renewals += 1;
          const fetchedAt = clock.now();
          return { values: { token: randomUUID().repeat(20) }, fetchedAt, expiresAt: fetchedAt + LIFETIME };
        },
      }),
      output: fileOutputOf,
      hooks: () => ({ run() {}, trouble: () => undefined, giveUp() {}, stop() {} }),
      random: Math.random,
      secretReader: () => () => Promise.reject(new Error('there is no secret')),
      cache: () => ({ read: async () => new Map(), write: async () => {} }),
      alerts: () => ({ look() {}, stop() {} }),
    },
  );
  for (let passed = 0; passed < TEN_MINUTES; passed += STEP) await clock.pass(STEP);
  const { user, system } = process.cpuUsage(before);
  await agent.stop();
  rmSync(folder, { recursive: true });
  return { tokens, renewals, cpu: (user + system) / 1_000 };
}

await report(async () => [await tenMinutes(1), await tenMinutes(20), await tenMinutes(200)]);
