import { type Detector, graded } from './finding.ts';
import { spikeOf } from './spike.ts';

/** Detects many more tokens than usual: an attacker may be collecting tokens, or a loop requests one in every step. */
export const issuingSpike: Detector = (window) => {
  const spike = spikeOf('issued', window, window.settings.issuing_spike);
  if (spike === undefined) return [];
  const { observed, usual, limit } = spike;
  const severity = graded('low', observed, limit);
  const what = `${observed} tokens were issued in five minutes; the usual number at a busy time is ${usual}.`;
  return [{ detector: 'issuing-spike', severity, about: '', observed, usual, what, time: window.observations[0].time }];
};
