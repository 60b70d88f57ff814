import type { NetworkDefinition, PolicyBundle, WindowDefinition } from '@tvm/core/policy/bundle.ts';
import { isOpen } from '@tvm/core/policy/request-context.ts';
import { edgesOf, inRanges } from '../../model/addresses.ts';
import { momentsOf } from './moments.ts';

/** The definitions of networks and windows. */
export type Definitions = Pick<PolicyBundle, 'networks' | 'windows'>;

/** Returns an address that is in the second network and not in the first, or `undefined` if there is none. */
function moreOfNetwork(first: NetworkDefinition, second: NetworkDefinition): string | undefined {
  const inFirst = inRanges(first.cidrs);
  const inSecond = inRanges(second.cidrs);
  const candidates = [...second.cidrs, ...first.cidrs].flatMap(edgesOf);
  return candidates.find((address) => inSecond(address) && !inFirst(address));
}

/** Returns a time at which the second window is open and the first is not, or `undefined` if there is none. */
function moreOfWindow(first: WindowDefinition, second: WindowDefinition): string | undefined {
  const moment = momentsOf([first, second]).find((time) => isOpen(second, time) && !isOpen(first, time));
  return moment === undefined ? undefined : new Date(moment).toISOString();
}

/**
 * Returns what a name in the second definitions includes that a name in the first does not, or `undefined` if there is
 * nothing. A name without a definition includes everything.
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
