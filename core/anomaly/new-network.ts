import { type Detector, type Finding, isLearnt } from './finding.ts';
import { BOUNDS, mark } from './profile.ts';

/**
 * Detects requests from a network that is new for the workload: its credentials may be stolen. Ignores workloads that
 * use very many networks, such as a function outside a VPC.
 */
export const newNetwork: Detector = (window) => {
  const { profile, observations } = window;
  const known = Object.keys(profile.networks).length;
  if (known === 0 || known >= BOUNDS.networks || !isLearnt(window)) return [];
  const found = new Map<string, Finding>();
  for (const { network, tokenId, time } of observations) {
    if (network === undefined || found.has(network) || Object.hasOwn(profile.networks, mark(network))) continue;
    const what = `It sent a request from ${network} for the first time; it is known from ${known} other networks.`;
    const of = { detector: 'new-network', severity: 'medium', about: network, tokenId } as const;
    found.set(network, { ...of, observed: 1, usual: 0, what, time });
  }
  return [...found.values()];
};
