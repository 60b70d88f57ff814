import type { Finding } from '@tvm/core/anomaly/finding.ts';
import type { Observation } from '@tvm/core/anomaly/observation.ts';
import { OF_A_WORKLOAD, OVERALL, observe } from '@tvm/core/anomaly/observe.ts';
import type { Profile } from '@tvm/core/anomaly/profile.ts';
import type { DetectorName } from '@tvm/core/anomaly/settings.ts';
import { beforeAll, expect, it } from 'vitest';
import { type Injected, START, traffic } from '#test/support/anomaly-traffic.ts';
import { settings } from './settings.ts';

// Twenty workloads for two weeks, with what goes wrong by itself, and anomalies of every kind in the second week, from
// weak to strong: test/support/anomaly-traffic.ts. docs/how-to/detect-anomalies.md quotes what is found.

const BATCH = 5 * 60_000;
const SOON = 10 * 60_000;

type Found = Finding & { of: string };

/** What is found in the traffic as it comes: in batches, by workload and over all of them. */
function findIn(observations: Observation[]): { found: Found[]; profiles: Map<string, Profile> } {
  const profiles = new Map<string, Profile>();
  const found: Found[] = [];
  const see = (of: string, batch: Observation[], now: number, detectors: typeof OVERALL) => {
    const { profile, findings } = observe(profiles.get(of), batch, settings, now, detectors);
    profiles.set(of, profile);
    found.push(...findings.map((finding) => ({ ...finding, of })));
  };
  for (const [slot, batch] of Map.groupBy(observations, ({ time }) => Math.floor((time - START) / BATCH))) {
    const now = START + (slot + 1) * BATCH;
    for (const [subject, own] of Map.groupBy(batch, (one) => one.subject)) see(subject, own, now, OF_A_WORKLOAD);
    const overall = batch.map(({ network, ...rest }) => ({ ...rest, resources: [] }));
    see('*', overall, now, OVERALL);
  }
  return { found, profiles };
}

const inTime = ({ time }: Injected, found: Found) => found.time >= time - 60_000 && found.time <= time + SOON;

/** Whether a finding is what was injected. */
const isThat = (injected: Injected, found: Found) =>
  injected.detector === found.detector && (injected.subject ?? '*') === found.of && inTime(injected, found);

/** Whether a finding is right because of what was injected: what one workload does may be seen overall too. */
function isRight(injected: Injected, found: Found): boolean {
  const sees: DetectorName[] =
    injected.detector === 'beyond-grants' ? ['beyond-grants', 'denial-spike'] : [injected.detector];
  const subjects = injected.subject === undefined || found.of === '*' || injected.subject === found.of;
  return sees.includes(found.detector) && subjects && inTime(injected, found);
}

let injected: Injected[];
let result: ReturnType<typeof findIn>;
beforeAll(() => {
  const made = traffic(1);
  injected = made.injected;
  result = findIn(made.observations);
}, 60_000);

function scores(scope: 'a workload' | 'all') {
  const of = <T extends { detector: DetectorName }>(detector: DetectorName, all: T[], overall: (one: T) => boolean) =>
    all.filter((one) => one.detector === detector && overall(one) === (scope === 'all'));
  const detectors = Object.keys(scope === 'all' ? OVERALL : OF_A_WORKLOAD) as DetectorName[];
  return Object.fromEntries(
    detectors.map((detector) => {
      const there = of(detector, injected, ({ subject }) => subject === undefined);
      const found = of(detector, result.found, ({ of }) => of === '*');
      const missed = there.filter((one) => !found.some((finding) => isThat(one, finding))).map(({ how }) => how);
      const falseAlarms = found.filter((finding) => !injected.some((one) => isRight(one, finding)));
      return [detector, { injected: there.length, missed, falseAlarms: falseAlarms.length }];
    }),
  );
}

it('of 60 anomalies of single workloads, in two weeks of 20 workloads, 10 are missed, with 6 false alarms', () => {
  expect(scores('a workload')).toEqual({
    'issuing-spike': {
      injected: 10,
      missed: ['24 more tokens in four minutes', '35 more tokens in four minutes'],
      // The job of each Sunday, on both.
      falseAlarms: 2,
    },
    'denial-spike': {
      injected: 10,
      missed: ['6 denials in four minutes', '9 denials in four minutes', '14 denials in four minutes'],
      // A release that asks for what was not granted to it.
      falseAlarms: 1,
    },
    // A subnet is added to two workloads.
    'new-network': { injected: 10, missed: ['from its own network', 'from its own network'], falseAlarms: 2 },
    'new-resource': { injected: 10, missed: ['what it often reads', 'what it often reads'], falseAlarms: 0 },
    // The same release.
    'beyond-grants': { injected: 10, missed: ['7 times beyond its grants in four minutes'], falseAlarms: 1 },
    'revoked-token-use': { injected: 10, missed: [], falseAlarms: 0 },
  });
});

it('of 2 anomalies of all workloads together none is missed, with 1 false alarm', () => {
  expect(scores('all')).toEqual({
    'issuing-spike': { injected: 1, missed: [], falseAlarms: 0 },
    // That release again.
    'denial-spike': { injected: 1, missed: [], falseAlarms: 1 },
  });
});

it('in a quiet week of another 20 workloads there is 1 false alarm: a job of each Sunday', () => {
  const quiet = findIn(traffic(2, 0).observations.filter(({ time }) => time < START + 7 * 86_400_000));
  expect(quiet.found.map(({ detector, of }) => [detector, of.split('/').pop()])).toEqual([
    ['issuing-spike', 'workload-4'],
  ]);
}, 60_000);

it('no profile outgrew four kilobytes', () => {
  const sizes = [...result.profiles.values()].map((profile) => JSON.stringify(profile).length);
  expect(Math.max(...sizes)).toBeLessThan(4096);
});
