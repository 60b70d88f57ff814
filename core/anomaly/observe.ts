import { beyondGrants } from './beyond-grants.ts';
import { denialSpike } from './denial-spike.ts';
import type { Detector, Finding } from './finding.ts';
import { issuingSpike } from './issuing-spike.ts';
import { newNetwork } from './new-network.ts';
import { newResource } from './new-resource.ts';
import type { Observation } from './observation.ts';
import {
  BOUNDS,
  copyOf,
  count,
  forget,
  MINUTES,
  mark,
  minuteOf,
  newProfile,
  notePeak,
  noteSeen,
  type Profile,
} from './profile.ts';
import { revokedTokenUse } from './revoked-token-use.ts';
import { type AnomalySettings, type DetectorName, SEVERITIES } from './settings.ts';

type Detectors = Partial<Record<DetectorName, Detector>>;

/** Detectors for a single workload. */
export const WORKLOAD_DETECTORS: Detectors = {
  'issuing-spike': issuingSpike,
  'denial-spike': denialSpike,
  'new-network': newNetwork,
  'new-resource': newResource,
  'beyond-grants': beyondGrants,
  'revoked-token-use': revokedTokenUse,
};

/** Detectors for all workloads together. */
export const OVERALL_DETECTORS: Detectors = { 'issuing-spike': issuingSpike, 'denial-spike': denialSpike };

export interface Observed {
  profile: Profile;
  findings: Finding[];
  /** Observations that were new and are now counted. */
  fresh: Observation[];
}

/**
 * Adds observations to a profile and detects anomalies. Ignores repeated observations, and observations that are at
 * least an hour old.
 *
 * @param before the stored profile, if any; it is not modified
 * @param now current time in milliseconds since the epoch
 */
export function observe(
  before: Profile | undefined,
  observations: readonly Observation[],
  settings: AnomalySettings,
  now: number,
  detectors: Detectors = WORKLOAD_DETECTORS,
): Observed {
  const { fresh, marks } = freshOf(observations, before, now);
  const profile = before === undefined ? newProfile(fresh[0]?.time ?? now) : copyOf(before);
  const enabled = Object.entries(detectors).filter(([name]) => !settings.off.includes(name as DetectorName));
  const findings: Finding[] = [];
  for (const [minute, [first, ...rest]] of Map.groupBy(fresh, ({ time }) => minuteOf(time))) {
    if (first === undefined) continue;
    for (const { kind, beyondGrants } of [first, ...rest]) {
      if (kind !== 'revoked-token') count(profile, minute, kind);
      if (beyondGrants) count(profile, minute, 'beyondGrants');
    }
    const window = { profile, minute, observations: [first, ...rest], settings } as const;
    const found = enabled.flatMap(([, detector]) => detector(window));
    findings.push(...found.filter((finding) => isDue(finding, profile, settings)));
    notePeak(profile, minute);
    for (const { network, resources, time } of [first, ...rest]) {
      if (network !== undefined) noteSeen(profile.networks, network, time, BOUNDS.networks);
      for (const resource of resources) noteSeen(profile.resources, resource, time, BOUNDS.resources);
    }
  }
  profile.marks.push(...marks);
  forget(profile, now, settings.cool_down);
  return { profile, findings, fresh };
}

function freshOf(observations: readonly Observation[], before: Profile | undefined, now: number) {
  const known = new Set(before?.marks);
  const marks: string[] = [];
  const fresh: Observation[] = [];
  for (const observation of observations) {
    const own = mark(observation.eventId);
    const lost = !(minuteOf(observation.time) > minuteOf(now) - MINUTES);
    if (lost || known.has(own)) continue;
    known.add(own);
    marks.push(own);
    // The clock of the source may be ahead of this clock.
    fresh.push({ ...observation, time: Math.min(observation.time, now) });
  }
  return { fresh: fresh.sort((a, b) => a.time - b.time), marks };
}

/**
 * Reports whether a finding is due, and records due findings in the profile. A finding is due again after the cool-down
 * or if it became more severe. The number of findings per detector is limited.
 */
function isDue(
  { detector, about, severity, time }: Finding,
  profile: Profile,
  { cool_down }: AnomalySettings,
): boolean {
  profile.reported[detector] ??= {};
  const reported = profile.reported[detector];
  const own = mark(about);
  const rank = SEVERITIES.indexOf(severity);
  const last = reported[own];
  if (last === undefined && Object.keys(reported).length >= BOUNDS.reported) return false;
  if (last !== undefined && rank <= last[1] && Math.abs(time - last[0]) < cool_down * 1000) return false;
  reported[own] = [time, rank];
  return true;
}
