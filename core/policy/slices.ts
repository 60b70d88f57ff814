import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { principalScopeOf, type Readable, readableBy } from './authorization-request.ts';
import type { PolicyBundle } from './bundle.ts';

/** The policies whose scopes can match an authorization request, and what they can read. */
export interface Slice extends Readable {
  /** ID under which Cedar caches the parsed policies. */
  preparsedPolicySetId: string;
  /** The `@id` of each policy. */
  policies: readonly string[];
}

/**
 * Finds the slice for an authorization request.
 *
 * @param principals names of the principal and its ancestors, as policies write them
 * @param resources names of the resource and its ancestors, as policies write them
 */
export type Slices = (principals: readonly string[], resources: readonly string[]) => Slice;

/** Maximum number of parsed policies in the cache, over all slices. */
const MAX_PARSED = 20_000;

/**
 * Indexes the policies of a bundle. A slice is parsed on first use.
 *
 * A policy's scope names at most one workload or trust entry and at most one resource. Policies with the same two names share a
 * bucket. A slice consists of the few buckets that match a request. So the cost of a decision depends on the number of
 * policies that can match the request, not on the number of all policies.
 *
 * A slice gives the same decision as the whole set: a policy whose scope does not match is never evaluated, so it
 * cannot permit, forbid or cause an error. https://docs.cedarpolicy.com/auth/authorization.html
 *
 * @param maxParsed maximum number of parsed policies in the cache, over all slices
 */
export function policySlices(
  bundle: Pick<PolicyBundle, 'policies' | 'workloads' | 'resources'>,
  maxParsed = MAX_PARSED,
): Slices {
  const { policies } = bundle;
  const buckets = new Map<string, { number: number; ids: string[] }>();
  for (const [id, policy] of Object.entries(policies)) {
    const name = bucketName(principalScopeOf(policy), policy.resource);
    const bucket = buckets.get(name);
    if (bucket === undefined) buckets.set(name, { number: buckets.size, ids: [id] });
    else bucket.ids.push(id);
  }

  // Ordered by last use, least recently used first.
  const slices = new Map<string, Slice>();
  let parsed = 0;

  function parse(name: string, ids: string[]): Slice {
    const readable = readableBy(
      bundle,
      ids.flatMap((id) => policies[id] ?? []),
    );
    const preparsedPolicySetId = freeName();
    const staticPolicies = Object.fromEntries(ids.map((id) => [id, policies[id]?.text ?? '']));
    const answer = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies });
    if (answer.type === 'failure') throw new Error('the policy bundle does not parse');
    const slice = { preparsedPolicySetId, policies: ids, ...readable };
    slices.set(name, slice);
    parsed += ids.length;
    while (parsed > maxParsed && slices.size > 1) evictOldest();
    return slice;
  }

  function evictOldest(): void {
    const [oldest] = slices;
    if (oldest === undefined) return;
    const [name, { preparsedPolicySetId, policies: ids }] = oldest;
    slices.delete(name);
    parsed -= ids.length;
    // Cedar caches parsed policies by ID forever. Overwriting the ID frees the memory.
    cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: {} });
    freeNames.push(preparsedPolicySetId);
  }

  return (principals, resources) => {
    const found: { number: number; ids: string[] }[] = [];
    for (const principal of [...principals, undefined]) {
      for (const resource of [...resources, undefined]) {
        const bucket = buckets.get(bucketName(principal, resource));
        if (bucket !== undefined) found.push(bucket);
      }
    }
    const name = found.map(({ number }) => number).join();
    const cached = slices.get(name);
    if (cached === undefined) {
      return parse(
        name,
        found.flatMap(({ ids }) => ids),
      );
    }
    slices.delete(name);
    slices.set(name, cached);
    return cached;
  };
}

function bucketName(principal: string | undefined, resource: string | undefined): string {
  return `${principal ?? ''}\n${resource ?? ''}`;
}

// Cedar's IDs are global to the process.
const freeNames: string[] = [];
let names = 0;

function freeName(): string {
  return freeNames.pop() ?? `slice-${++names}`;
}
