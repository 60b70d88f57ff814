import { type AuthorizationDetail, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { assumeRole } from '@tvm/core/policy/roles.ts';
import { policiesAbout } from './affected.ts';
import type { CircumstancesOf } from './contexts.ts';
import { type Budget, best, type Side, valuesAt } from './evaluation.ts';
import type { KnownTarget, KnownWorkload } from './universe.ts';

/** Access that a workload gains with a role that it may assume. */
export interface RoleGain {
  workload: string;
  role: string;
  /** The access, as in `read a/b`. */
  gives: string;
}

/** One pair of a role's grants. */
interface Pair {
  action: string;
  location: string;
  fields: readonly string[] | undefined;
}

/** Returns the roles that both sides have, but with different grants. */
export function changedRoles([before, after]: readonly [Side, Side]): string[] {
  const old = before.policies.bundle.roles;
  return Object.entries(after.policies.bundle.roles).flatMap(([name, { authorizationDetails }]) => {
    const known = Object.hasOwn(old, name) ? old[name] : undefined;
    if (known === undefined) return [];
    return JSON.stringify(known.authorizationDetails) === JSON.stringify(authorizationDetails) ? [] : [name];
  });
}

/**
 * Returns the access that roles give on the second side but not on the first, for each workload that may assume the role
 * and is permitted the access.
 */
export function roleGains(
  [first, second]: readonly [Side, Side],
  workloads: readonly KnownWorkload[],
  circumstancesOf: CircumstancesOf,
  budget: Budget,
): { gains: RoleGain[]; cut: boolean } {
  const sides = [first, second];
  const about = policiesAbout([second.directory]);
  const gains: RoleGain[] = [];
  let someCut = false;
  for (const role of changedRoles([first, second])) {
    const concerningRole = about({ item: { action: 'assume', role }, action: 'assume', title: role });
    for (const known of workloads) {
      const [ofRole = []] = concerningRole(known);
      if (!ofRole.some(({ bundled }) => bundled.effect === 'permit')) continue;
      const old = pairsOf(first, role, known);
      const more = pairsOf(second, role, known).filter((pair) => !old.some((other) => covers(other, pair)));
      for (const { action, location, fields } of more) {
        if (budget.spent) return { gains, cut: true };
        const target: KnownTarget = { item: { action, location }, action, title: location };
        const [ofPair = []] = about(target)(known);
        const { all, lifetimes, cut } = circumstancesOf([...ofRole, ...ofPair], valuesAt(sides, known, target));
        const given = fields && [...fields];
        const detail = { type: 'resource' as const, locations: [location], actions: [action] };
        const request = { role, details: [{ ...detail, ...(given && { fields: given }) }], partial: false };
        const can = all.some((circumstance) => best(second, known, request, circumstance, lifetimes, budget));
        if (can) gains.push({ workload: known.title, role, gives: words({ action, location, fields }) });
        else someCut ||= cut;
      }
    }
  }
  return { gains, cut: someCut };
}

function pairsOf({ policies: { bundle } }: Side, role: string, { caller }: KnownWorkload): Pair[] {
  const assumed = assumeRole(bundle, role, caller);
  const details: AuthorizationDetail[] = assumed.kind === 'assumed' ? assumed.authorizationDetails : [];
  return details.flatMap(({ actions, locations, fields }) =>
    locations.flatMap((location) => actions.map((action) => ({ action, location, fields }))),
  );
}

/** Reports whether one pair includes another. */
function covers(one: Pair, other: Pair): boolean {
  if (one.action !== other.action) return false;
  const { fields } = one;
  if (fields !== undefined && other.fields?.every((field) => fields.includes(field)) !== true) return false;
  const root = subtreeRoot(one.location);
  if (root === undefined) return one.location === other.location;
  return other.location === root || other.location.startsWith(`${root}/`);
}

function words({ action, location, fields }: Pair): string {
  return `${action} ${location}${fields === undefined ? '' : ` (fields ${fields.join(', ')})`}`;
}
