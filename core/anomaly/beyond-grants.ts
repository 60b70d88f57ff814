import { type Detector, graded } from './finding.ts';
import { inWindow } from './profile.ts';

/** Asks beyond its grants again and again: it is told of from the first day on. Nobody has a right to that. */
export const beyondGrants: Detector = ({ profile, minute, observations, settings }) => {
  const denied = observations.find((observation) => observation.beyondGrants);
  const observed = inWindow(profile, 'beyondGrants', minute);
  const { at_least } = settings.beyond_grants;
  if (denied === undefined || observed < at_least) return [];
  const severity = graded('medium', observed, at_least);
  const what = `It asked ${observed} times in five minutes for what its grants do not hold.`;
  return [{ detector: 'beyond-grants', severity, about: '', observed, usual: 0, what, time: denied.time }];
};
