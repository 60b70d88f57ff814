import type { Observation } from './observation.ts';
import type { Profile } from './profile.ts';
import type { AnomalySettings, DetectorName, Severity } from './settings.ts';

/** Something unusual. */
export interface Finding {
  detector: DetectorName;
  severity: Severity;
  /** What it is about, where one detector may find several things of a workload; else empty. */
  about: string;
  tokenId?: string;
  /** What was counted, and what was to be expected. */
  observed: number;
  usual: number;
  /** One sentence for a person. */
  what: string;
  /** When it was seen (milliseconds). */
  time: number;
}

/** What a detector looks at: one minute, before what it lies and what there was until then. */
export interface Window {
  /** Counts with this minute's; networks, resources and hours from before it. */
  profile: Profile;
  /** In minutes since the epoch. */
  minute: number;
  /** What happened in this minute, as far as it came at the same time; in order, at least one. */
  observations: readonly [Observation, ...Observation[]];
  settings: AnomalySettings;
}

/** What a detector finds in a window. It changes nothing. */
export type Detector = (window: Window) => Finding[];

/** Whether enough is known of a workload, or of all of them, to say what is usual. */
export function isLearnt({ profile, observations: [first], settings }: Window): boolean {
  return first.time - profile.since >= settings.learning * 1000;
}

/** One step more severe from four times its limit on. */
export function graded(severity: 'low' | 'medium', observed: number, limit: number): Severity {
  if (observed < 4 * limit) return severity;
  return severity === 'low' ? 'medium' : 'high';
}
