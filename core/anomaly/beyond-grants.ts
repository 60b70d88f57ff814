import { type Detector, graded } from './finding.ts';
import { inWindow } from './profile.ts';

/** Detects repeated requests beyond the workload's grants. Needs no learning phase: such requests are never usual. */
export const beyondGrants: Detector = ({ profile, minute, observations, settings }) => {
  const denied = observations.find((observation) => observation.beyondGrants);
  const observed = inWindow(profile, 'beyondGrants', minute);
  const { at_least } = settings.beyond_grants;
  if (denied === undefined || observed < at_least) return [];
  const severity = graded('medium', observed, at_least);
  const what = `It made ${observed} requests in five minutes that its grants do not cover.`;
  return [{ detector: 'beyond-grants', severity, about: '', observed, usual: 0, what, time: denied.time }];
};
