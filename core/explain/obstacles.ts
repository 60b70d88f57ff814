import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import type { ItemDecision } from '../policy/decision-point.ts';
import { inquiryOf, type View } from './explain-pair.ts';
import type { Obstacle } from './request-edits.ts';

/** Maximum number of denied items to examine. */
const MAX_OBSTACLES = 6;
/** Maximum number of near misses per denied item. */
const MAX_NEAR = 5;
/** Maximum number of locations to suggest instead of a subtree. */
const MAX_LOCATIONS = 20;

/** The obstacles to each denied item, as far as the reader may see them. */
export function obstaclesOf({ itemDecisions }: TokenDecision & { kind: 'denied' }, view: View): Obstacle[] {
  return itemDecisions
    .filter(({ allowed, refusedBy }) => !allowed && refusedBy === undefined)
    .slice(0, MAX_OBSTACLES)
    .map((itemDecision) => obstacleOf(itemDecision, view));
}

function obstacleOf(itemDecision: ItemDecision, view: View): Obstacle {
  const { reader, insight } = view;
  const inquiry = inquiryOf(itemDecision, view);
  const forbidding = itemDecision.forbids.flatMap((id) => insight.inspect(id, inquiry, reader)?.readable ?? []);
  const near = insight.nearest(inquiry, reader, MAX_NEAR);
  const permitting = near.flatMap(({ missed, readable }) => [
    ...missed.flatMap((one) => (one.part === 'condition' ? [one.conjunct] : [])),
    // A policy that permits some fields tells which fields exist, even if its condition on fields is true.
    ...readable.filter(({ literals }) => literals.attributes.has('fields')),
  ]);
  const named = near.flatMap(({ locations }) => locations);
  return {
    itemDecision,
    conjuncts: [...new Set([...forbidding, ...permitting])],
    places: placesBelow(itemDecision, named, view),
  };
}

/** The locations and subtrees below a subtree that near misses or `resources.yaml` name. */
function placesBelow({ item }: ItemDecision, byPolicies: readonly string[], { bundle }: View): string[] {
  const root = item.role !== undefined ? undefined : subtreeRoot(item.location);
  if (root === undefined) return [];
  return [...new Set([...byPolicies, ...Object.keys(bundle.resources)])]
    .filter((place) => place.startsWith(`${root}/`))
    .slice(0, MAX_LOCATIONS / 2)
    .flatMap((place) => [`${place}/*`, place]);
}
