import { type Detector, graded } from './finding.ts';
import { spikeOf } from './spike.ts';

/** Detects many more denials than usual: an attacker may be probing, or a policy change may be wrong. */
export const denialSpike: Detector = (window) => {
  const spike = spikeOf('denied', window, window.settings.denial_spike);
  if (spike === undefined) return [];
  const { observed, usual, limit } = spike;
  const severity = graded('medium', observed, limit);
  const what = `${observed} requests were denied in five minutes; the usual number at a busy time is ${usual}.`;
  return [{ detector: 'denial-spike', severity, about: '', observed, usual, what, time: window.observations[0].time }];
};
