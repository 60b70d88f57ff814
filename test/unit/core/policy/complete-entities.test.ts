import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { type PolicyDecisionPoint, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { policyInsight } from '@tvm/core/policy/near-misses.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  builtFrom,
  type CedarAsk,
  type CedarWorld,
  cedarDecision,
  cedarWorlds,
  circumstancesOf,
  formsOf,
  locationOf,
  locationsIn,
} from '#test/support/cedar-worlds.ts';

it('gives the same decisions and explanations as Cedar with every policy, entity and attribute', () => {
  // Counts each generated case. The test is only meaningful if every case occurs.
  const seen = {
    constantIn: 0,
    reverseIn: 0,
    choice: 0,
    set: 0,
    attributeOfNamed: 0,
    attributeOfNamedWorkload: 0,
    allowed: 0,
    denied: 0,
    erred: 0,
    subtreeAllowed: 0,
    decidedByWhatIsNamed: 0,
    decidedAtWhatHoldsIt: 0,
    explainedAsHeld: 0,
    explainedAsFailed: 0,
    explainedAsErred: 0,
  };
  fc.assert(
    fc.property(cedarWorlds, (world) => {
      const { bundle } = builtFrom(world);
      for (const { text } of Object.values(bundle.policies)) for (const form of formsOf(text)) seen[form]++;
      const point = policyDecisionPoint(bundle);
      const told = cedarDecision(world, bundle);
      for (const ask of world.asks) {
        const { place, ...evaluated } = evaluate(point, ask);
        const everywhere = locationsIn(world, ask.target).map((location) => told(ask, location));
        if (everywhere.every(({ allowed }) => allowed)) {
          const permits = [...new Set(everywhere.flatMap(({ permits }) => permits))].sort();
          expect(evaluated).toEqual({ allowed: true, permits, forbids: [], errors: [] });
        } else {
          expect(evaluated).toEqual(told(ask, locationOf(place ?? ask.target)));
          expect(evaluated.allowed).toBe(false);
        }
        seen[evaluated.allowed ? 'allowed' : 'denied']++;
        if (evaluated.errors.length > 0) seen.erred++;
        const root = subtreeRoot(ask.target);
        if (evaluated.allowed && root !== undefined) seen.subtreeAllowed++;
        if (root !== undefined && place !== root && isUnnamed(world, place)) seen.decidedAtWhatHoldsIt++;
      }

      for (const ask of world.asks.slice(0, 2)) {
        for (const id of Object.keys(bundle.policies)) {
          const { permits, forbids, errors } = told(ask, locationOf(ask.target), id);
          const outcome = errors.length > 0 ? 'erred' : [...permits, ...forbids].length > 0 ? 'held' : 'failed';
          expect(explained(bundle, id, ask), bundle.policies[id]?.text).toBe(outcome);
          seen[
            ({ held: 'explainedAsHeld', failed: 'explainedAsFailed', erred: 'explainedAsErred' } as const)[outcome]
          ]++;
        }
      }

      const ancestorsAlone = cedarDecision(
        world,
        bundle,
        (location, enclosing) => !`${enclosing}/`.startsWith(`${location}/`),
      );
      for (const ask of world.asks.filter(({ target }) => subtreeRoot(target) === undefined)) {
        const verdicts = [told, ancestorsAlone].map((cedar) => JSON.stringify(cedar(ask, ask.target)));
        if (verdicts[0] !== verdicts[1]) seen.decidedByWhatIsNamed++;
      }
    }),
    { numRuns: 80 },
  );
  for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0);
}, 60_000);

/** Reports whether neither policies nor `resources.yaml` name a location. */
function isUnnamed({ policies, resources }: CedarWorld, place: string | undefined): boolean {
  if (place === undefined || subtreeRoot(place) !== undefined) return false;
  return !policies.some((text) => text.includes(`"${place}"`)) && !Object.hasOwn(resources, place);
}

function evaluate(point: PolicyDecisionPoint, ask: CedarAsk) {
  const { caller, context } = circumstancesOf(ask);
  const { action, target } = ask;
  const request =
    action === 'assume'
      ? { role: target, details: [], partial: false }
      : { details: [{ type: 'resource' as const, actions: [action], locations: [target] }], partial: false };
  const [itemDecision] = point.evaluate(caller, request, context);
  if (itemDecision === undefined) throw new Error('nothing was evaluated');
  const { item: _, ...rest } = itemDecision;
  return rest;
}

/** The outcome of a policy according to explanations. */
function explained(bundle: PolicyBundle, id: string, ask: CedarAsk) {
  const { action, target } = ask;
  const item = action === 'assume' ? { action, role: target } : { action, location: target };
  return policyInsight(bundle).inspect(id, { ...circumstancesOf(ask), item }, 'operator')?.evaluated.whole;
}
