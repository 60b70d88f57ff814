import type { NetworkDefinition, PolicyBundle, WindowDefinition } from '@tvm/core/policy/bundle.ts';
import { isOpen } from '@tvm/core/policy/request-context.ts';
import { edgesOf, inRanges } from './addresses.ts';
import { momentsOf } from './moments.ts';

/** What names of networks and windows stand for. */
export type Definitions = Pick<PolicyBundle, 'networks' | 'windows'>;

/** What the second network has that the first has not: an address; `undefined`: nothing. */
function moreOfNetwork(first: NetworkDefinition, second: NetworkDefinition): string | undefined {
  const inFirst = inRanges(first.cidrs);
  const inSecond = inRanges(second.cidrs);
  const candidates = [...second.cidrs, ...first.cidrs].flatMap(edgesOf);
  return candidates.find((address) => inSecond(address) && !inFirst(address));
}

/** When the second window is open and the first is not; `undefined`: never. */
function moreOfWindow(first: WindowDefinition, second: WindowDefinition): string | undefined {
  const moment = momentsOf([first, second]).find((time) => isOpen(second, time) && !isOpen(first, time));
  return moment === undefined ? undefined : new Date(moment).toISOString();
}

/**
 * What a name of the second definitions stands for that another of the first does not; `undefined`: nothing. A name that
 * stands for nothing is as wide as can be.
 */
export function moreIn(
  kind: keyof Definitions,
  [first, before]: readonly [Definitions, string],
  [second, after]: readonly [Definitions, string],
): string | undefined {
  if (kind === 'networks') {
    const [old, now] = [first.networks[before], second.networks[after]];
    return old === undefined || now === undefined ? 'anything' : moreOfNetwork(old, now);
  }
  const [old, now] = [first.windows[before], second.windows[after]];
  return old === undefined || now === undefined ? 'anything' : moreOfWindow(old, now);
}
