import { type Detector, graded } from './finding.ts';
import { spikeOf } from './spike.ts';

/** Many more denials than usual: somebody tries what may be had, or a change of policies was wrong. */
export const denialSpike: Detector = (window) => {
  const spike = spikeOf('denied', window, window.settings.denial_spike);
  if (spike === undefined) return [];
  const { observed, usual, limit } = spike;
  const severity = graded('medium', observed, limit);
  const what = `${observed} requests were denied in five minutes, where ${usual} are usual at a busy time.`;
  return [{ detector: 'denial-spike', severity, about: '', observed, usual, what, time: window.observations[0].time }];
};
