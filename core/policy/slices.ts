import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Readable, readableBy } from './authorization-request.ts';
import type { PolicyBundle } from './bundle.ts';

/** The policies whose scopes can match one question, and what they can read. All other policies have no say in it. */
export interface Slice extends Readable {
  /** Under which Cedar keeps them, parsed. */
  preparsedPolicySetId: string;
  /** By `@id`. */
  policies: readonly string[];
}

/**
 * Finds the slice for a question.
 *
 * @param subject the principal's id
 * @param scopes the resource and all that it is in, as policies name them
 */
export type Slices = (subject: string, scopes: readonly string[]) => Slice;

/** How many policies are kept parsed at most, over all slices. */
const MOST_PARSED = 20_000;

/**
 * Slices of a bundle, found by an index that is built here, once, and parsed when first asked for.
 *
 * A policy's scope names one workload or none, and one resource or none. Policies of the same two names share a bucket,
 * and a slice is made of the few buckets that a question falls into: so the time of a decision follows the number of
 * policies that concern the question, not that of all policies.
 *
 * A slice decides as the whole set does: a policy whose scope does not match is never evaluated, so it can neither
 * permit, forbid nor err. https://docs.cedarpolicy.com/auth/authorization.html
 *
 * @param mostParsed how many policies Cedar keeps parsed, over all slices
 */
export function policySlices(
  bundle: Pick<PolicyBundle, 'policies' | 'workloads' | 'resources'>,
  mostParsed = MOST_PARSED,
): Slices {
  const { policies } = bundle;
  const buckets = new Map<string, { number: number; ids: string[] }>();
  for (const [id, { principal, resource }] of Object.entries(policies)) {
    const name = bucketName(principal, resource);
    const bucket = buckets.get(name);
    if (bucket === undefined) buckets.set(name, { number: buckets.size, ids: [id] });
    else bucket.ids.push(id);
  }

  // In the order of their use, the oldest first.
  const slices = new Map<string, Slice>();
  let parsed = 0;

  function make(name: string, ids: string[]): Slice {
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
    while (parsed > mostParsed && slices.size > 1) forgetOldest();
    return slice;
  }

  function forgetOldest(): void {
    const [oldest] = slices;
    if (oldest === undefined) return;
    const [name, { preparsedPolicySetId, policies: ids }] = oldest;
    slices.delete(name);
    parsed -= ids.length;
    // Cedar keeps what it parsed by name and for good, unless something else takes the name.
    cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: {} });
    freeNames.push(preparsedPolicySetId);
  }

  return (subject, scopes) => {
    const found: { number: number; ids: string[] }[] = [];
    for (const principal of [subject, undefined]) {
      for (const resource of [...scopes, undefined]) {
        const bucket = buckets.get(bucketName(principal, resource));
        if (bucket !== undefined) found.push(bucket);
      }
    }
    const name = found.map(({ number }) => number).join();
    const known = slices.get(name);
    if (known === undefined) {
      return make(
        name,
        found.flatMap(({ ids }) => ids),
      );
    }
    slices.delete(name);
    slices.set(name, known);
    return known;
  };
}

function bucketName(principal: string | undefined, resource: string | undefined): string {
  return `${principal ?? ''}\n${resource ?? ''}`;
}

// Cedar's names are for the whole process.
const freeNames: string[] = [];
let names = 0;

function freeName(): string {
  return freeNames.pop() ?? `slice-${++names}`;
}
