import { isIP } from 'node:net';
import type { RequestContext } from '@tvm/core/policy/request-context.ts';
import { edgesOf, inRanges } from '../../model/addresses.ts';
import type { PolicyDirectory } from '../directory.ts';
import { type Choice, OTHER, OUTSIDE, type Reads } from './circumstance.ts';
import type { Literals } from './literals.ts';

/** One address of each kind that conditions can test with `isIpv6()` and similar functions. */
const OF_EACH_KIND = ['2001:db8::1', '127.0.0.1', '::1', '224.0.0.1', 'ff02::1'];

/** Returns a function that finds the origins of requests that conditions can distinguish. */
export function originsIn(
  directories: readonly PolicyDirectory[],
  around: readonly RequestContext[],
): (literals: Literals, reads: Reads) => Choice[] {
  const networks = directories.flatMap(({ content }) => Object.values(content.networks));
  const ofNetworks = addressesOf(networks.flatMap(({ cidrs }) => cidrs));

  return (literals, reads) => {
    if (!reads('sourceIp', 'networks', 'region', 'vpcEndpoint')) return [from(OUTSIDE, false)];
    const named = literals.arguments('ip').filter((text) => isIP(text.split('/')[0] ?? '') !== 0);
    const ranges = named.map((range) => inRanges([range]));
    const kinds = ['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast'].some((fn) => literals.calls(fn));
    const apart = new Map<string, Choice>();
    for (const address of [OUTSIDE, ...ofNetworks, ...addressesOf(named), ...(kinds ? OF_EACH_KIND : [])]) {
      const within = around.map((one) => one.networksOf(address));
      const inNamed = ranges.map((range) => range(address));
      const isNamed = within.flat().length > 0 || inNamed.includes(true);
      const kind = kinds ? [isIP(address), OF_EACH_KIND.indexOf(address)] : [];
      const key = JSON.stringify([within, inNamed, kind]);
      if (!apart.has(key)) apart.set(key, from(address, isNamed || address !== OUTSIDE));
    }
    const endpoints = new Set([...literals.texts('context.vpcEndpoint'), ...(reads('vpcEndpoint') ? [OTHER] : [])]);
    return [...apart.values(), ...[...endpoints].map(through)];
  };
}

/** Returns the addresses at the edges of ranges, first those inside the ranges. */
function addressesOf(ranges: readonly string[]): string[] {
  const edges = [...new Set(ranges)].map(edgesOf);
  return [...new Set([...edges.flatMap((all) => all.slice(0, 2)), ...edges.flat()])];
}

function from(address: string, named: boolean): Choice {
  return {
    title: named ? `from ${address}` : 'from no named network',
    set: ({ context }) => {
      context.sourceIp = address;
    },
  };
}

function through(endpoint: string): Choice {
  return {
    title: `through ${endpoint === OTHER ? 'any other VPC endpoint' : endpoint}`,
    set: ({ context }) => {
      context.sourceIp = OUTSIDE;
      context.vpcEndpoint = endpoint;
    },
  };
}
