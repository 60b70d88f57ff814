import { type Detector, type Finding, isLearnt } from './finding.ts';
import { BOUNDS, mark } from './profile.ts';

/**
 * Asks from a network where it was never seen: its credentials may be used elsewhere. What comes from very many
 * networks, as a function outside a VPC does, is not judged.
 */
export const newNetwork: Detector = (window) => {
  const { profile, observations } = window;
  const known = Object.keys(profile.networks).length;
  if (known === 0 || known >= BOUNDS.networks || !isLearnt(window)) return [];
  const found = new Map<string, Finding>();
  for (const { network, tokenId, time } of observations) {
    if (network === undefined || found.has(network) || Object.hasOwn(profile.networks, mark(network))) continue;
    const what = `It asked from ${network}, where it was not seen before; it is known from ${known} other networks.`;
    const of = { detector: 'new-network', severity: 'medium', about: network, tokenId } as const;
    found.set(network, { ...of, observed: 1, usual: 0, what, time });
  }
  return [...found.values()];
};
