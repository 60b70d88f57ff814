import { isLearnt, type Window } from './finding.ts';
import { inWindow, usualPeak } from './profile.ts';
import type { SpikeThreshold } from './settings.ts';

/** A count in the last minutes that is much larger than usual. */
export interface Spike {
  observed: number;
  usual: number;
  /** The larger of the two thresholds, from which the severity is derived. */
  limit: number;
}

/** Detects a spike. Returns `undefined` during the learning phase and for small numbers. */
export function spikeOf(
  counted: 'issued' | 'denied',
  window: Window,
  { times, at_least }: SpikeThreshold,
): Spike | undefined {
  const { profile, minute, observations } = window;
  if (!observations.some(({ kind }) => kind === counted) || !isLearnt(window)) return undefined;
  const observed = inWindow(profile, counted, minute);
  if (observed < at_least) return undefined;
  const usual = usualPeak(profile, counted, minute);
  const limit = Math.max(at_least, times * usual);
  return observed > times * usual ? { observed, usual, limit } : undefined;
}
