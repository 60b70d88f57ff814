import { type Affected, affectedBy, CAUSES } from './affected.ts';
import type { Circumstance } from './circumstance.ts';
import { type CircumstancesOf, circumstancesIn } from './contexts.ts';
import { type Best, type Difference, difference, type Had } from './difference.ts';
import { Budget, best, requestFor, type Side, sideOf, type Usable, valuesAt } from './evaluation.ts';
import { type RoleGain, roleGains } from './role-grants.ts';
import { type TrustChange, trustChanges } from './trust-changes.ts';
import { type KnownTarget, type KnownWorkload, targetsOf, workloadsOf } from './universe.ts';

/** Access that a workload gains with a change of the policies, or loses. */
export interface Change {
  workload: string;
  action: KnownTarget['action'];
  resource: string;
  /** The kind of change. `grants`: the grants of the role. */
  of: Difference['of'] | 'grants';
  /** Details, as a clause. */
  detail: string;
}

/** The effect of a change of policies on the workloads. */
export interface Comparison {
  widened: Change[];
  narrowed: Change[];
  /** Changes of which proofs of other issuers are accepted. */
  trust: TrustChange[];
  /** Whether the comparison is incomplete because there were too many cases. */
  cut: boolean;
}

/** Maximum number of Cedar evaluations of a comparison. */
const MAX_EVALUATIONS = 100_000;

/** Maximum number of Cedar evaluations about the grants of roles, in each direction. */
const MAX_ROLE_EVALUATIONS = 20_000;

/**
 * Compares two policy directories for every workload, action and location that either names, in circumstances built from
 * the values in their conditions.
 *
 * Every reported change is real, because both directories were evaluated. The comparison may miss changes that occur only
 * in circumstances that were not tried.
 *
 * @param maxEvaluations the maximum number of Cedar evaluations. Those that are least likely to find a change are skipped.
 */
export function comparePolicies(base: Usable, head: Usable, maxEvaluations = MAX_EVALUATIONS): Comparison {
  const before = sideOf(base);
  const after = sideOf(head);
  const directories = [before.directory, after.directory];
  const circumstancesOf = circumstancesIn(directories);
  const workloads = workloadsOf(directories);
  const given = roleGains([before, after], workloads, circumstancesOf, new Budget(MAX_ROLE_EVALUATIONS));
  const viaRoles = roleGains([after, before], workloads, circumstancesOf, new Budget(MAX_ROLE_EVALUATIONS));
  let cut = given.cut || viaRoles.cut;

  const { pairs, left } = affectedPairs([before, after], workloads, targetsOf(directories));
  cut ||= left;
  const budget = new Budget(maxEvaluations);
  const compared = new Map<string, Compared>();
  const found: { order: number; more?: Change; less?: Change }[] = [];
  for (const pair of pairs) {
    const key = `${pair.target.action} ${pair.target.title} ${pair.alike}`;
    let result = compared.get(key);
    if (result === undefined) {
      if (budget.spent) {
        cut = true;
        continue;
      }
      result = comparePair([before, after], pair, circumstancesOf, budget);
      compared.set(key, result);
    }
    cut ||= result.cut;
    const of = { workload: pair.known.title, action: pair.target.action, resource: pair.target.title };
    found.push({
      order: pair.order,
      ...(result.more && { more: { ...of, ...result.more } }),
      ...(result.less && { less: { ...of, ...result.less } }),
    });
  }
  found.sort((a, b) => a.order - b.order);
  return {
    widened: [...found.flatMap(({ more }) => more ?? []), ...given.gains.map(ofRole)],
    narrowed: [...found.flatMap(({ less }) => less ?? []), ...viaRoles.gains.map(ofRole)],
    trust: trustChanges(base.content.trust, head.content.trust),
    cut,
  };
}

/** The access that a workload gains and loses at one target. */
interface Compared {
  more: Difference | undefined;
  less: Difference | undefined;
  cut: boolean;
}

interface Pair extends Pick<Affected, 'concerned' | 'alike'> {
  known: KnownWorkload;
  target: KnownTarget;
  /** The index of the cause in the list of causes. */
  rank: number;
  /** The position in the report. */
  order: number;
}

/**
 * Returns the affected pairs of workload and target in the order of comparison: direct changes before indirect effects, and
 * small groups before large ones, so that a large group does not use up the budget.
 */
function affectedPairs(
  [before, after]: readonly [Side, Side],
  workloads: readonly KnownWorkload[],
  targets: readonly KnownTarget[],
): { pairs: Pair[]; left: boolean } {
  const affected = affectedBy(before.directory, after.directory);
  const ofTargets = targets.map((target) => ({ target, at: affected(target) }));
  const pairs: Pair[] = [];
  const counts = new Map<string, number>();
  const countKey = ({ rank, target }: Pair) => `${rank} ${target.action} ${target.title}`;
  let merely = 0;
  let order = 0;
  for (const known of workloads) {
    for (const { target, at } of ofTargets) {
      order++;
      const found = at(known);
      if (found === undefined) continue;
      // The budget is too small for more pairs of this kind.
      if (found.by === 'workload' && ++merely > MAX_EVALUATIONS) continue;
      const { concerned, alike } = found;
      const pair = { known, target, concerned, alike, rank: CAUSES.indexOf(found.by), order };
      pairs.push(pair);
      counts.set(countKey(pair), (counts.get(countKey(pair)) ?? 0) + 1);
    }
  }
  const many = (pair: Pair) => counts.get(countKey(pair)) ?? 0;
  pairs.sort((a, b) => a.rank - b.rank || many(a) - many(b) || a.order - b.order);
  return { pairs, left: merely > MAX_EVALUATIONS };
}

function comparePair(
  [before, after]: readonly [Side, Side],
  { known, target, concerned }: Pair,
  circumstancesOf: CircumstancesOf,
  budget: Budget,
): Compared {
  const { all, lifetimes, cut } = circumstancesOf(concerned, valuesAt([before, after], known, target));
  const inAll = (side: Side): Had => {
    const found = new Map<Circumstance, Best>();
    for (const circumstance of all) {
      const request = requestFor(target, circumstance.fields);
      const had = best(side, known, request, circumstance, lifetimes, budget);
      if (had !== undefined) found.set(circumstance, had);
    }
    return { best: found, definitions: side.policies.bundle };
  };
  const old = inAll(before);
  const now = inAll(after);
  return { more: difference(old, now), less: difference(now, old), cut };
}

function ofRole({ workload, role, gives }: RoleGain): Change {
  return { workload, action: 'assume', resource: `role ${role}`, of: 'grants', detail: gives };
}
