import { type Affected, affectedBy, CAUSES } from './affected.ts';
import type { Circumstance } from './circumstance.ts';
import { type CircumstancesOf, circumstancesIn } from './contexts.ts';
import { type Best, type Difference, difference, type Had } from './difference.ts';
import { Budget, best, requestFor, type Side, sideOf, type Usable, valuesAt } from './judging.ts';
import { type RoleGain, roleGains } from './role-grants.ts';
import { type KnownTarget, type KnownWorkload, targetsOf, workloadsOf } from './universe.ts';

/** What somebody can have after a change that they could not before, or the other way round. */
export interface Change {
  workload: string;
  action: KnownTarget['action'];
  resource: string;
  /** What changed; `grants`: what the role gives. */
  of: Difference['of'] | 'grants';
  /** More of it, in a clause. */
  detail: string;
}

/** A change of policies, by what it means for whoever they name. */
export interface Comparison {
  widened: Change[];
  narrowed: Change[];
  /** Whether something was left out that policies tell apart: there was too much. */
  cut: boolean;
}

/** Questions to Cedar that a comparison may cost. */
const MOST_QUESTIONS = 100_000;

/** Questions about what roles give, each way. */
const MOST_ABOUT_ROLES = 20_000;

/**
 * Compares two policy directories: every workload with every action and place that either names, in circumstances made
 * of what either's conditions name.
 *
 * What is found is so: each change was decided by both. What is not found need not be absent: between the circumstances
 * that were tried there are others.
 *
 * @param mostQuestions to Cedar; what is left out then is the least likely to be of the change
 */
export function comparePolicies(base: Usable, head: Usable, mostQuestions = MOST_QUESTIONS): Comparison {
  const before = sideOf(base);
  const after = sideOf(head);
  const directories = [before.directory, after.directory];
  const circumstancesOf = circumstancesIn(directories);
  const workloads = workloadsOf(directories);
  const given = roleGains([before, after], workloads, circumstancesOf, new Budget(MOST_ABOUT_ROLES));
  const taken = roleGains([after, before], workloads, circumstancesOf, new Budget(MOST_ABOUT_ROLES));
  let cut = given.cut || taken.cut;

  const { pairs, left } = affectedPairs([before, after], workloads, targetsOf(directories));
  cut ||= left;
  const budget = new Budget(mostQuestions);
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
    narrowed: [...found.flatMap(({ less }) => less ?? []), ...taken.gains.map(ofRole)],
    cut,
  };
}

/** What one can have of one thing more, and less. */
interface Compared {
  more: Difference | undefined;
  less: Difference | undefined;
  cut: boolean;
}

interface Pair extends Pick<Affected, 'concerned' | 'alike'> {
  known: KnownWorkload;
  target: KnownTarget;
  /** The place of the cause among causes. */
  rank: number;
  /** By which changes are told. */
  order: number;
}

/**
 * Who is affected where, in the order in which it is compared: what changed itself before what is merely affected, and
 * few before many, so that they do not keep each other from being compared.
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
      // More of them would not be compared anyhow.
      if (found.by === 'workload' && ++merely > MOST_QUESTIONS) continue;
      const { concerned, alike } = found;
      const pair = { known, target, concerned, alike, rank: CAUSES.indexOf(found.by), order };
      pairs.push(pair);
      counts.set(countKey(pair), (counts.get(countKey(pair)) ?? 0) + 1);
    }
  }
  const many = (pair: Pair) => counts.get(countKey(pair)) ?? 0;
  pairs.sort((a, b) => a.rank - b.rank || many(a) - many(b) || a.order - b.order);
  return { pairs, left: merely > MOST_QUESTIONS };
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
