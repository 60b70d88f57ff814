import { type Detector, graded } from './finding.ts';
import { spikeOf } from './spike.ts';

/** Many more tokens than usual: somebody collects them, or a loop asks for a new one at every step. */
export const issuingSpike: Detector = (window) => {
  const spike = spikeOf('issued', window, window.settings.issuing_spike);
  if (spike === undefined) return [];
  const { observed, usual, limit } = spike;
  const severity = graded('low', observed, limit);
  const what = `${observed} tokens were vended in five minutes, where ${usual} are usual at a busy time.`;
  return [{ detector: 'issuing-spike', severity, about: '', observed, usual, what, time: window.observations[0].time }];
};
