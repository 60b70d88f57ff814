import type { Observation } from './observation.ts';
import type { Profile } from './profile.ts';
import type { AnomalySettings, DetectorName, Severity } from './settings.ts';

/** A detected anomaly. */
export interface Finding {
  detector: DetectorName;
  severity: Severity;
  /** Distinguishes findings of one detector about one workload, for example a network. Empty if there is only one. */
  about: string;
  tokenId?: string;
  /** The observed number, and the usual number. */
  observed: number;
  usual: number;
  /** A description of one sentence. */
  what: string;
  /** Time of the observation, in milliseconds since the epoch. */
  time: number;
}

/** The input of a detector: the observations of one minute, and the profile up to that minute. */
export interface Window {
  /** Its counts include this minute; its networks, resources and hours do not. */
  profile: Profile;
  /** Minutes since the epoch. */
  minute: number;
  /** The new observations of this minute, in order of time. At least one. */
  observations: readonly [Observation, ...Observation[]];
  settings: AnomalySettings;
}

/** Returns the findings in a window, without side effects. */
export type Detector = (window: Window) => Finding[];

/** Reports whether the learning phase of a profile is over. */
export function isLearnt({ profile, observations: [first], settings }: Window): boolean {
  return first.time - profile.since >= settings.learning * 1000;
}

/** Raises a severity by one step if the number is at least four times the limit. */
export function graded(severity: 'low' | 'medium', observed: number, limit: number): Severity {
  if (observed < 4 * limit) return severity;
  return severity === 'low' ? 'medium' : 'high';
}
