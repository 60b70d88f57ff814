import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import type { Judgement } from '../policy/decision-point.ts';
import { inquiryOf, type View } from './explain-pair.ts';
import type { Obstacle } from './request-edits.ts';

/** How many of the things that are not allowed are looked at. */
const MOST_OBSTACLES = 6;
/** How many policies near each of them. */
const MOST_NEAR = 5;
/** How many places are named instead of a subtree. */
const MOST_PLACES = 20;

/** What stands in the way of each thing that is not allowed, as far as the reader may know. */
export function obstaclesOf({ judgements }: TokenDecision & { kind: 'denied' }, view: View): Obstacle[] {
  return judgements
    .filter(({ allowed, refusedBy }) => !allowed && refusedBy === undefined)
    .slice(0, MOST_OBSTACLES)
    .map((judgement) => obstacleOf(judgement, view));
}

function obstacleOf(judgement: Judgement, view: View): Obstacle {
  const { reader, insight } = view;
  const inquiry = inquiryOf(judgement, view);
  const forbidding = judgement.forbids.flatMap((id) => insight.inspect(id, inquiry, reader)?.readable ?? []);
  const near = insight.nearest(inquiry, reader, MOST_NEAR);
  const permitting = near.flatMap(({ missed, readable }) => [
    ...missed.flatMap((one) => (one.part === 'condition' ? [one.conjunct] : [])),
    // A policy that permits some fields says which there are, whether or not it is what fails.
    ...readable.filter(({ literals }) => literals.attributes.has('fields')),
  ]);
  const named = near.flatMap(({ locations }) => locations);
  return {
    judgement,
    conjuncts: [...new Set([...forbidding, ...permitting])],
    places: placesBelow(judgement, named, view),
  };
}

/** The places in a subtree that policies near it or the catalogue of resources name, alone and with all below. */
function placesBelow({ asked }: Judgement, byPolicies: readonly string[], { bundle }: View): string[] {
  const root = asked.action === 'assume' ? undefined : subtreeRoot(asked.location);
  if (root === undefined) return [];
  return [...new Set([...byPolicies, ...Object.keys(bundle.resources)])]
    .filter((place) => place.startsWith(`${root}/`))
    .slice(0, MOST_PLACES / 2)
    .flatMap((place) => [`${place}/*`, place]);
}
