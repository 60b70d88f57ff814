import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import { placeResource } from './resource-tree.ts';

/** How many places below a location are judged at most: a request costs a bounded number of decisions. */
export const MOST_PLACES = 200;

/**
 * The places that stand for everything a location means to one workload; `undefined` when they are too many to judge.
 *
 * An exact location is one place. For `db/*`, policies tell the endless number of locations below `db` apart only by
 * naming them (`== db/secret`, `in db/secret`), by naming something in them (`db/a/secret in resource`, which holds for
 * `db/a`), or by attributes that `resources.yaml` gives to those it names. So it is enough to judge `db`, every location
 * below it that is told apart like that, and for each of these something below it that is not, written `db/secret/*`.
 */
export type Places = (subject: string, location: string) => string[] | undefined;

/** Finds places by an index of all locations that the bundle names, built here, once. */
export function placesIn({ policies, resources }: PolicyBundle): Places {
  const byAnybody = new Set(Object.keys(resources));
  const bySubject = new Map<string, Set<string>>();
  for (const policy of Object.values(policies)) {
    const { principal } = policy;
    let named = byAnybody;
    if (principal !== undefined) {
      named = bySubject.get(principal) ?? new Set();
      bySubject.set(principal, named);
    }
    for (const location of locationsToldApart(policy, { resources })) named.add(location);
  }
  const sorted = [...byAnybody].sort();
  const sortedOf = new Map([...bySubject].map(([subject, named]) => [subject, [...named].sort()]));

  return (subject, location) => {
    const root = subtreeRoot(location);
    if (root === undefined) return [location];
    const named = new Set([...below(root, sorted), ...below(root, sortedOf.get(subject) ?? [])]);
    if (named.size * 2 > MOST_PLACES) return undefined;
    return [root, ...named].flatMap((place) => [place, `${place}/*`]);
  };
}

/** The locations that a policy tells apart from others by names: those in it, and all that hold those it looks for. */
export function locationsToldApart(
  { locations, soughtInResource }: Pick<BundledPolicy, 'locations' | 'soughtInResource'>,
  bundle: Pick<PolicyBundle, 'resources'>,
): string[] {
  if (soughtInResource === undefined) return locations;
  const holders = soughtInResource.flatMap((location) => placeResource(bundle, location).ancestry);
  return [...locations, ...holders.map(({ location }) => location)];
}

/** The locations below a root. @param sorted in code unit order, so that they stand together */
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
