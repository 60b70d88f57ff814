import type { Finding } from '@tvm/core/anomaly/finding.ts';
import type { Observation } from '@tvm/core/anomaly/observation.ts';
import { OVERALL_DETECTORS, observe, WORKLOAD_DETECTORS } from '@tvm/core/anomaly/observe.ts';
import type { Profile } from '@tvm/core/anomaly/profile.ts';
import type { DetectorName } from '@tvm/core/anomaly/settings.ts';
import { beforeAll, expect, it } from 'vitest';
import { type Injected, START, traffic } from '#test/support/anomaly-traffic.ts';
import { settings } from './settings.ts';

// Twenty workloads for two weeks, with ordinary failures, and with anomalies of every kind in the second week, from
// weak to strong: see test/support/anomaly-traffic.ts. docs/how-to/detect-anomalies.md quotes the results.

const BATCH = 5 * 60_000;
const SOON = 10 * 60_000;

type Found = Finding & { of: string };

/** Detects anomalies in generated traffic, in batches, per workload and over all workloads. */
function findIn(observations: Observation[]): { found: Found[]; profiles: Map<string, Profile> } {
  const profiles = new Map<string, Profile>();
  const found: Found[] = [];
  const see = (of: string, batch: Observation[], now: number, detectors: typeof OVERALL_DETECTORS) => {
    const { profile, findings } = observe(profiles.get(of), batch, settings, now, detectors);
    profiles.set(of, profile);
    found.push(...findings.map((finding) => ({ ...finding, of })));
  };
  for (const [slot, batch] of Map.groupBy(observations, ({ time }) => Math.floor((time - START) / BATCH))) {
    const now = START + (slot + 1) * BATCH;
    for (const [subject, own] of Map.groupBy(batch, (one) => one.subject)) see(subject, own, now, WORKLOAD_DETECTORS);
    const overall = batch.map(({ network, ...rest }) => ({ ...rest, resources: [] }));
    see('*', overall, now, OVERALL_DETECTORS);
  }
  return { found, profiles };
}

const inTime = ({ time }: Injected, found: Found) => found.time >= time - 60_000 && found.time <= time + SOON;

/** Reports whether a finding matches an injected anomaly. */
const isThat = (injected: Injected, found: Found) =>
  injected.detector === found.detector && (injected.subject ?? '*') === found.of && inTime(injected, found);

/** Reports whether an injected anomaly explains a finding. One workload may also cause a finding over all workloads. */
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
  const detectors = Object.keys(scope === 'all' ? OVERALL_DETECTORS : WORKLOAD_DETECTORS) as DetectorName[];
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

it('misses 10 of 60 anomalies of single workloads, with 6 false alarms in two weeks of 20 workloads', () => {
  expect(scores('a workload')).toEqual({
    'issuing-spike': {
      injected: 10,
      missed: ['24 more tokens in four minutes', '35 more tokens in four minutes'],
      // A job that runs every Sunday, on both Sundays.
      falseAlarms: 2,
    },
    'denial-spike': {
      injected: 10,
      missed: ['6 denials in four minutes', '9 denials in four minutes', '14 denials in four minutes'],
      // A release that requests something beyond its grants.
      falseAlarms: 1,
    },
    // A new subnet of two workloads.
    'new-network': { injected: 10, missed: ['from its own network', 'from its own network'], falseAlarms: 2 },
    'new-resource': { injected: 10, missed: ['what it often reads', 'what it often reads'], falseAlarms: 0 },
    // The same release.
    'beyond-grants': { injected: 10, missed: ['7 times beyond its grants in four minutes'], falseAlarms: 1 },
    'revoked-token-use': { injected: 10, missed: [], falseAlarms: 0 },
  });
});

it('misses none of 2 anomalies of all workloads together, with 1 false alarm', () => {
  expect(scores('all')).toEqual({
    'issuing-spike': { injected: 1, missed: [], falseAlarms: 0 },
    // The same release.
    'denial-spike': { injected: 1, missed: [], falseAlarms: 1 },
  });
});

it('has 1 false alarm in a quiet week of 20 other workloads: a job that runs every Sunday', () => {
  const quiet = findIn(traffic(2, 0).observations.filter(({ time }) => time < START + 7 * 86_400_000));
  expect(quiet.found.map(({ detector, of }) => [detector, of.split('/').pop()])).toEqual([
    ['issuing-spike', 'workload-4'],
  ]);
}, 60_000);

it('keeps every profile below four kilobytes', () => {
  const sizes = [...result.profiles.values()].map((profile) => JSON.stringify(profile).length);
  expect(Math.max(...sizes)).toBeLessThan(4096);
});
