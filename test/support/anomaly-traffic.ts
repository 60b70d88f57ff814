import type { Observation } from '@tvm/core/anomaly/observation.ts';
import type { DetectorName } from '@tvm/core/anomaly/settings.ts';

// Generates two weeks of a fleet's requests from a seed. The same seed gives the same requests.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A Monday. */
export const START = Date.UTC(2026, 0, 5);
export const DAYS = 14;

/** An injected anomaly that a detector should find. */
export interface Injected {
  detector: DetectorName;
  /** Absent for an anomaly across all subjects. */
  subject?: string;
  time: number;
  /** A description of the anomaly. */
  how: string;
}

export interface Traffic {
  observations: Observation[];
  injected: Injected[];
}

/** Returns pseudorandom numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Workload {
  subject: string;
  /** Tokens per minute at the busiest time of the day. */
  rate: number;
  /** The workload's job: hourly, nightly or on Sundays. */
  job?: { every: 'hour' | 'night' | 'sunday'; tokens: number };
  networks: string[];
  resources: string[];
}

/** Returns twenty workloads: services with a daily rhythm, some of which run jobs. */
function fleet(random: () => number): Workload[] {
  const jobs: Workload['job'][] = [
    { every: 'hour', tokens: 40 },
    { every: 'hour', tokens: 90 },
    { every: 'night', tokens: 150 },
    { every: 'night', tokens: 60 },
    { every: 'sunday', tokens: 80 },
  ];
  return Array.from({ length: 20 }, (_, index) => {
    const job = jobs[index];
    return {
      subject: `arn:aws:iam::111122223333:role/workload-${index}`,
      rate: 0.05 + 2 * random() ** 2,
      ...(job && { job }),
      networks: Array.from({ length: 1 + Math.floor(3 * random()) }, (_, zone) => `10.${index}.${zone}.0/24`),
      resources: Array.from({ length: 3 + Math.floor(8 * random()) }, (_, table) => `db-${index}/table-${table}`),
    };
  });
}

/**
 * Returns two weeks of traffic of a fleet, with `each` anomalies of every kind in the second week, from weak to strong.
 */
export function traffic(seed: number, each = 10): Traffic {
  const random = seeded(seed);
  const workloads = fleet(random);
  const observations: Observation[] = [];
  const injected: Injected[] = [];
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

  const add = (workload: Workload, time: number, change: Partial<Observation> = {}) => {
    const id = `${observations.length}`;
    // Some resources are requested often, some rarely.
    const resource = workload.resources[Math.floor(random() ** 3 * workload.resources.length)] as string;
    const usual = { subject: workload.subject, network: pick(workload.networks), resources: [resource] };
    const seen = { eventId: id, tokenId: id, time: Math.floor(time), beyondGrants: false, accepted: false };
    observations.push({ ...seen, kind: 'issued', ...usual, ...change });
  };
  const deny = (workload: Workload, time: number, beyondGrants: boolean) =>
    add(workload, time, { kind: 'denied', resources: [], beyondGrants });
  const poisson = (mean: number) => {
    let many = 0;
    for (let left = Math.exp(-mean), product = random(); product > left; product *= random()) many++;
    return many;
  };

  for (const workload of workloads) {
    for (let time = START; time < START + DAYS * DAY; time += MINUTE) {
      const hour = ((time - START) % DAY) / HOUR;
      const weekday = Math.floor((time - START) / DAY) % 7;
      const daily = 0.55 + 0.45 * Math.sin(((hour - 8) / 24) * 2 * Math.PI);
      const requests = poisson(workload.rate * daily * (weekday >= 5 ? 0.4 : 1));
      for (let one = 0; one < requests; one++) {
        const at = time + random() * MINUTE;
        if (random() < 0.01) deny(workload, at, random() < 0.7);
        else add(workload, at);
      }
      const { every, tokens } = workload.job ?? { every: 'never', tokens: 0 };
      const minute = (time - START) / MINUTE;
      const runs =
        (every === 'hour' && minute % 60 === 0) ||
        (every === 'night' && minute % 1440 === 120) ||
        (every === 'sunday' && minute % 10_080 === 8_640 + 120);
      for (let one = 0; runs && one < tokens * (0.8 + 0.4 * random()); one++)
        add(workload, time + random() * 3 * MINUTE);
    }
  }
  // Harmless changes: a workload gets a subnet, and a release requests a resource that was not granted.
  for (const index of [3, 11]) {
    const workload = workloads[index] as Workload;
    for (let time = START + 9 * DAY; time < START + DAYS * DAY; time += 7 * MINUTE) {
      add(workload, time, { network: `10.${index}.100.0/24` });
    }
  }
  for (let one = 0; one < 25; one++) deny(workloads[7] as Workload, START + 8 * DAY + 10 * HOUR + one * 10_000, true);

  const inject = (detector: DetectorName, how: string, act: (workload: Workload, time: number) => void) => {
    const workload = pick(workloads);
    const time = START + 7 * DAY + random() * 6.9 * DAY;
    injected.push({ detector, subject: workload.subject, time, how });
    act(workload, time);
  };
  for (let one = 0; one < each; one++) {
    const strength = (one + 1) / each;
    const extra = Math.round(20 + 380 * strength ** 2);
    inject('issuing-spike', `${extra} more tokens in four minutes`, (workload, time) => {
      for (let more = 0; more < extra; more++) add(workload, time + random() * 4 * MINUTE);
    });
    const refused = Math.round(5 + 95 * strength ** 2);
    inject('denial-spike', `${refused} denials in four minutes`, (workload, time) => {
      for (let more = 0; more < refused; more++) deny(workload, time + random() * 4 * MINUTE, false);
    });
    const denials = Math.round(3 + 40 * strength);
    inject('beyond-grants', `${denials} times beyond its grants in four minutes`, (workload, time) => {
      for (let more = 0; more < denials; more++) deny(workload, time + random() * 4 * MINUTE, true);
    });
    const near = one < 2;
    inject('new-network', near ? 'from its own network' : 'from elsewhere', (workload, time) => {
      add(workload, time, { network: near ? (workload.networks[0] as string) : `198.51.${one}.0/24` });
    });
    inject('new-resource', near ? 'what it often reads' : 'what it never read', (workload, time) => {
      add(workload, time, { resources: [near ? (workload.resources[0] as string) : `hr/salaries-${one}`] });
    });
    inject('revoked-token-use', 'a revoked token', (workload, time) => {
      add(workload, time, { kind: 'revoked-token', resources: [], accepted: one % 2 === 0 });
    });
  }
  // Anomalies across all workloads: each contributes only a little.
  for (const [detector, day, many] of [
    ['issuing-spike', 8.1, 55],
    ['denial-spike', 10.6, 8],
  ] as const) {
    const time = START + day * DAY;
    injected.push({ detector, time, how: `${many} more of each workload in four minutes` });
    for (const workload of workloads) {
      for (let more = 0; more < many; more++) {
        const at = time + random() * 4 * MINUTE;
        if (detector === 'issuing-spike') add(workload, at);
        else deny(workload, at, false);
      }
    }
  }
  return { observations: observations.sort((a, b) => a.time - b.time), injected };
}
