import { type Detector, type Finding, isLearnt } from './finding.ts';
import { BOUNDS, mark } from './profile.ts';

/** Detects tokens for a resource that is new for the workload. Ignores workloads that use very many resources. */
export const newResource: Detector = (window) => {
  const { profile, observations } = window;
  const known = Object.keys(profile.resources).length;
  if (known === 0 || known >= BOUNDS.resources || !isLearnt(window)) return [];
  const found = new Map<string, Finding>();
  for (const { resources, tokenId, time } of observations) {
    for (const resource of resources) {
      if (found.has(resource) || Object.hasOwn(profile.resources, mark(resource))) continue;
      const what = `It got a token for ${resource} for the first time; it is known to use ${known} other resources.`;
      const of = { detector: 'new-resource', severity: 'low', about: resource, tokenId } as const;
      found.set(resource, { ...of, observed: 1, usual: 0, what, time });
    }
  }
  return [...found.values()];
};
