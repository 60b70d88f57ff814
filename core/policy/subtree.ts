import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { Workload } from '../identity/attributes.ts';
import { principalScopeOf, principalScopesOf } from './authorization-request.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import { locateResource } from './resource-tree.ts';

/** Maximum number of locations to evaluate for a subtree, which bounds the cost of a request. */
export const MAX_SUBTREE_LOCATIONS = 200;

/**
 * Finds the locations to evaluate for a requested location or subtree of one workload. Returns `undefined` if there are
 * too many.
 *
 * An exact location stands for itself. A subtree `db/*` has an unlimited number of locations, but policies can
 * distinguish only some of them: those that a policy names (`== db/secret`, `in db/secret`), ancestors of those that a
 * policy names (`db/a/secret in resource` is true for `db/a`), and those with attributes in `resources.yaml`. So it is
 * enough to evaluate `db`, each distinguished location below `db`, and for each of these one location below that is not
 * distinguished. The last is written as `db/secret/*`.
 */
export type SubtreeLocations = (workload: Workload, location: string) => string[] | undefined;

/** Indexes all locations that the bundle names. */
export function placesIn({ policies, resources }: PolicyBundle): SubtreeLocations {
  const byAny = new Set(Object.keys(resources));
  const byPrincipal = new Map<string, Set<string>>();
  for (const policy of Object.values(policies)) {
    const principal = principalScopeOf(policy);
    let named = byAny;
    if (principal !== undefined) {
      named = byPrincipal.get(principal) ?? new Set();
      byPrincipal.set(principal, named);
    }
    for (const location of distinguishedLocations(policy, { resources })) named.add(location);
  }
  const sorted = [...byAny].sort();
  const sortedOf = new Map([...byPrincipal].map(([principal, named]) => [principal, [...named].sort()]));

  return (workload, location) => {
    const root = subtreeRoot(location);
    if (root === undefined) return [location];
    const own = principalScopesOf(workload).flatMap((principal) => [...below(root, sortedOf.get(principal) ?? [])]);
    const named = new Set([...below(root, sorted), ...own]);
    if (named.size * 2 > MAX_SUBTREE_LOCATIONS) return undefined;
    return [root, ...named].flatMap((place) => [place, `${place}/*`]);
  };
}

/** The locations that a policy distinguishes by name: those it names, and the ancestors of those it looks for. */
export function distinguishedLocations(
  { locations, soughtInResource }: Pick<BundledPolicy, 'locations' | 'soughtInResource'>,
  bundle: Pick<PolicyBundle, 'resources'>,
): string[] {
  if (soughtInResource === undefined) return locations;
  const ancestors = soughtInResource.flatMap((location) => locateResource(bundle, location).ancestry);
  return [...locations, ...ancestors.map(({ location }) => location)];
}

/** The locations below a root. @param sorted locations in code unit order, so that a subtree is contiguous */
function* below(root: string, sorted: readonly string[]): Generator<string> {
  const start = `${root}/`;
  for (let at = firstFrom(start, sorted); ; at++) {
    const location = sorted[at];
    if (location === undefined || !location.startsWith(start)) return;
    yield location;
  }
}

function firstFrom(text: string, sorted: readonly string[]): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
