import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { PairExplanation } from '@tvm/contract/explanation.ts';
import type { Caller } from '../identity/caller.ts';
import type { DecisionContext, RequestedItem } from '../policy/authorization-request.ts';
import type { PolicyBundle } from '../policy/bundle.ts';
import type { ItemDecision } from '../policy/decision-point.ts';
import type { Inquiry, PolicyInsight, Reader } from '../policy/near-misses.ts';

/** Everything that an explanation depends on: the request, the reader and the bundle. */
export interface View {
  caller: Caller;
  context: DecisionContext;
  reader: Reader;
  insight: PolicyInsight;
  bundle: PolicyBundle;
}

/** Maximum number of near misses in an explanation. */
const MAX_NEAR_MISSES = 3;

/** Explains the decision on one requested item: the policies that allowed or denied it, or the near misses. */
export function explainPair(itemDecision: ItemDecision, view: View): PairExplanation {
  const { item, allowed, permits, forbids, errors, refusedBy } = itemDecision;
  const { reader, insight, bundle } = view;
  const inquiry = inquiryOf(itemDecision, view);
  const named = (id: string) => policyName(id, bundle, reader);
  const pair = requestedItem(item);
  if (allowed) return { ...pair, verdict: 'allowed', policies: permits.map(named) };
  if (refusedBy !== undefined) {
    const by = reader === 'operator' ? { refused_by: refusedBy } : {};
    return { ...pair, verdict: 'refused_by_condition', policies: permits.map(named), ...by };
  }
  const inspected = [...forbids, ...errors].flatMap((id) => {
    const inspected = insight.inspect(id, inquiry, reader);
    return inspected === undefined ? [] : [{ id, ...inspected }];
  });
  const near = insight.nearest(inquiry, reader, MAX_NEAR_MISSES);
  const place = placeOf(
    itemDecision,
    [...inspected, ...near].flatMap(({ locations }) => locations),
    view,
  );
  if (forbids.length > 0) {
    const policies = inspected
      .filter(({ id }) => forbids.includes(id))
      .map(({ id, readable }) => ({ ...named(id), conditions: readable.map(({ text }) => text) }));
    return { ...pair, ...place, verdict: 'forbidden', policies };
  }
  if (errors.length > 0) {
    return { ...pair, ...place, verdict: 'policy_error', policies: inspected.map(({ id }) => named(id)) };
  }
  if (hasTooManyPlaces(itemDecision)) return { ...pair, verdict: 'not_permitted', policies: [], too_many_places: true };
  const near_misses = near.map(({ id, missed }) => ({
    ...named(id),
    missed: missed.map((one) => ({
      part: one.part,
      text: one.text,
      ...(one.part === 'condition' && one.outcome === 'erred' && { error: true as const }),
    })),
  }));
  return { ...pair, ...place, verdict: 'not_permitted', policies: [], near_misses };
}

/**
 * The denied location in a subtree. A workload sees it only if the location is known to the workload anyway, because
 * the location may come from a policy that the workload may not see.
 */
function placeOf(
  { item, place }: ItemDecision,
  named: readonly string[],
  { reader, bundle }: View,
): Pick<PairExplanation, 'place'> {
  if (place === undefined || item.role !== undefined || place === item.location) return {};
  const root = subtreeRoot(place) ?? place;
  const known = root === subtreeRoot(item.location) || named.includes(root) || Object.hasOwn(bundle.resources, root);
  return reader === 'operator' || known ? { place } : {};
}

/** The explanation for a role that does not exist, or that the workload must not learn about. */
export function explainUntakenRole(role: string): PairExplanation {
  return { action: 'assume', role, verdict: 'not_permitted', policies: [] };
}

/** The authorization request behind a decision. For a subtree, the request for the denied location. */
export function inquiryOf({ item, place }: ItemDecision, { caller, context }: View): Inquiry {
  if (item.role !== undefined) return { caller, item, context };
  return { caller, item: { ...item, location: place ?? item.location }, context };
}

/** Reports whether a subtree was denied only because it has too many locations. */
export function hasTooManyPlaces({ item, allowed, place, refusedBy }: ItemDecision): boolean {
  const isSubtree = item.role === undefined && subtreeRoot(item.location) !== undefined;
  return isSubtree && !allowed && place === undefined && refusedBy === undefined;
}

function requestedItem(item: RequestedItem): Pick<PairExplanation, 'action' | 'location' | 'role' | 'fields'> {
  if (item.role !== undefined) return { action: 'assume', role: item.role };
  return {
    action: item.action,
    location: item.location,
    ...(item.fields !== undefined && { fields: [...item.fields] }),
  };
}

function policyName(
  id: string,
  { policies }: PolicyBundle,
  reader: Reader,
): { id: string; file?: string; line?: number } {
  const policy = policies[id];
  return policy === undefined || reader === 'workload' ? { id } : { id, file: policy.file, line: policy.line };
}
