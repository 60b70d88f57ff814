import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyBundle } from '../../../../core/policy/bundle.ts';
import { type PolicyDecisionPoint, policyDecisionPoint } from '../../../../core/policy/decision-point.ts';
import { policyInsight } from '../../../../core/policy/near-misses.ts';
import {
  builtFrom,
  type CedarAsk,
  cedarTold,
  cedarWorlds,
  circumstancesOf,
  type Form,
  formsOf,
  locationOf,
  locationsIn,
} from '../../../support/cedar-worlds.ts';

describe('as Cedar does when it is told every policy, entity and attribute', { timeout: 60_000 }, () => {
  it('the decision point decides, of locations, subtrees and roles: decision, permits, forbids and errors', () => {
    const seen: Record<Form | 'allowed' | 'denied' | 'erred' | 'subtreeAllowed' | 'decidedByWhatIsNamed', number> = {
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
    };
    fc.assert(
      fc.property(cedarWorlds, (world) => {
        const { bundle } = builtFrom(world);
        for (const { text } of Object.values(bundle.policies)) for (const form of formsOf(text)) seen[form]++;
        const point = policyDecisionPoint(bundle);
        const told = cedarTold(world, bundle);
        for (const ask of world.asks) {
          const { place, ...judged } = judge(point, ask);
          const everywhere = locationsIn(world, ask.target).map((location) => told(ask, location));
          if (everywhere.every(({ allowed }) => allowed)) {
            const permits = [...new Set(everywhere.flatMap(({ permits }) => permits))].sort();
            expect(judged).toEqual({ allowed: true, permits, forbids: [], errors: [] });
          } else {
            expect(judged).toEqual(told(ask, locationOf(place ?? ask.target)));
            expect(judged.allowed).toBe(false);
          }
          seen[judged.allowed ? 'allowed' : 'denied']++;
          if (judged.errors.length > 0) seen.erred++;
          if (judged.allowed && ask.target.endsWith('/*')) seen.subtreeAllowed++;
        }
        const ancestorsAlone = cedarTold(world, bundle, (location, asked) => !`${asked}/`.startsWith(`${location}/`));
        const exact = world.asks.filter(({ target }) => !target.endsWith('/*'));
        seen.decidedByWhatIsNamed += exact.filter(
          (ask) => JSON.stringify(told(ask, ask.target)) !== JSON.stringify(ancestorsAlone(ask, ask.target)),
        ).length;
      }),
      { numRuns: 80 },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0);
  });

  it('an explanation says of each policy whether it matches', () => {
    const seen = { held: 0, failed: 0, erred: 0 };
    fc.assert(
      fc.property(cedarWorlds, (world) => {
        const { bundle } = builtFrom(world);
        const told = cedarTold(world, bundle);
        for (const ask of world.asks) {
          for (const id of Object.keys(bundle.policies)) {
            const { permits, forbids, errors } = told(ask, locationOf(ask.target), id);
            const outcome = errors.length > 0 ? 'erred' : [...permits, ...forbids].length > 0 ? 'held' : 'failed';
            expect(explained(bundle, id, ask), bundle.policies[id]?.text).toBe(outcome);
            seen[outcome]++;
          }
        }
      }),
      { numRuns: 25 },
    );
    for (const [outcome, count] of Object.entries(seen)) expect(count, outcome).toBeGreaterThan(0);
  });
});

function judge(point: PolicyDecisionPoint, ask: CedarAsk) {
  const { caller, context } = circumstancesOf(ask);
  const { action, target } = ask;
  const request =
    action === 'assume'
      ? { role: target, details: [], partial: false }
      : { details: [{ type: 'resource' as const, actions: [action], locations: [target] }], partial: false };
  const [judgement] = point.judge(caller, request, context);
  if (judgement === undefined) throw new Error('nothing was judged');
  const { asked: _, ...rest } = judgement;
  return rest;
}

/** How a policy turns out, as explanations have it. */
function explained(bundle: PolicyBundle, id: string, ask: CedarAsk) {
  const { action, target } = ask;
  const asked = action === 'assume' ? { action, role: target } : { action, location: target };
  return policyInsight(bundle).inspect(id, { ...circumstancesOf(ask), asked }, 'operator')?.judged.whole;
}
