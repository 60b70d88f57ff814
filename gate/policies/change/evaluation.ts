import { attributesOf } from '@tvm/core/policy/authorization-request.ts';
import type { ReadPolicies } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import {
  type DecisionRequest,
  type PolicyDecisionPoint,
  policyDecisionPoint,
} from '@tvm/core/policy/decision-point.ts';
import { strictest } from '@tvm/core/policy/obligations.ts';
import { locateResource } from '@tvm/core/policy/resource-tree.ts';
import { type PolicyDirectory, policyDirectory } from '../directory.ts';
import { type Circumstance, callerIn } from './circumstance.ts';
import type { Best } from './difference.ts';
import type { KnownTarget, KnownWorkload } from './universe.ts';

/** Valid policies, which can be evaluated. */
export type Usable = Pick<ReadPolicies, 'content' | 'written'> & { bundle: PolicyBundle };

/** The policies before or after the change. */
export interface Side {
  directory: PolicyDirectory;
  policies: PolicyDecisionPoint;
}

export function sideOf(usable: Usable): Side {
  return { directory: policyDirectory(usable), policies: policyDecisionPoint(usable.bundle) };
}

/** The remaining number of Cedar evaluations. */
export class Budget {
  left: number;

  constructor(evaluations: number) {
    this.left = evaluations;
  }

  get spent(): boolean {
    return this.left <= 0;
  }
}

/** Returns the request for a target. */
export function requestFor({ item }: KnownTarget, fields: string[] | undefined): DecisionRequest {
  if (item.role !== undefined) return { role: item.role, details: [], partial: false };
  const { action, location } = item;
  const detail = { type: 'resource' as const, locations: [location], actions: [action], ...(fields && { fields }) };
  return { details: [detail], partial: false };
}

/** Returns the best token that a workload can get in a circumstance, or `undefined` if it gets none. */
export function best(
  { policies }: Side,
  { caller }: KnownWorkload,
  request: DecisionRequest,
  circumstance: Circumstance,
  lifetimes: readonly number[],
  budget: Budget,
): Best | undefined {
  const requesting = callerIn(caller, circumstance);
  let found: Best | undefined;
  for (const lifetime of lifetimes) {
    // The lifetimes are sorted, the longest first.
    if (found !== undefined && found.lifetime >= lifetime) break;
    budget.left--;
    const itemDecisions = policies.evaluate(requesting, request, { ...circumstance.context, lifetime });
    if (!itemDecisions.every(({ allowed }) => allowed)) continue;
    const permits = itemDecisions.flatMap((itemDecision) => itemDecision.permits);
    const conditions = strictest(permits.map((id) => policies.bundle.policies[id]?.obligations ?? {}));
    const longest = Math.min(lifetime, conditions.maxLifetime ?? lifetime);
    if (found === undefined || longest > found.lifetime) found = { lifetime: longest, conditions };
  }
  return found;
}

/** Returns a function that looks up the text values of an attribute before and after the change. */
export function valuesAt(
  sides: readonly Side[],
  { caller }: KnownWorkload,
  { item }: KnownTarget,
): (path: string) => string[] {
  return (path) => {
    const [variable, name = ''] = path.split('.');
    return sides.flatMap(({ directory: { content } }) => {
      const attributes =
        variable === 'principal'
          ? attributesOf(content, caller)
          : item.role !== undefined || variable !== 'resource'
            ? {}
            : locateResource(content, item.location).attributes;
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      return typeof value === 'string' ? [value] : [];
    });
  };
}
