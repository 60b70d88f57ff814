import type { Attributes, PolicyBundle } from './bundle.ts';

/** A location as policy sees it: its attributes, and everything that it is in. */
export interface PlacedResource {
  attributes: Attributes;
  /** Itself, all that it is in, and all that these are in, each with what it is directly in. */
  ancestry: { location: string; parents: string[] }[];
}

/** Places a location: `a/b/c` is in `a/b`, which is in `a`, and each may be in others by `resources.yaml`. */
export function placeResource(bundle: Pick<PolicyBundle, 'resources'>, location: string): PlacedResource {
  const { resources } = bundle;
  const attributes = attributesAt(bundle, location);
  const ancestry: PlacedResource['ancestry'] = [];
  const seen = new Set<string>();
  for (const open = [location]; ; ) {
    const next = open.pop();
    if (next === undefined) return { attributes, ancestry };
    if (seen.has(next)) continue;
    seen.add(next);
    const parents = directParents(resources, next);
    ancestry.push({ location: next, parents });
    open.push(...parents);
  }
}

/** The attributes of a location: of each, what the nearest location above says, itself first. */
export function attributesAt({ resources }: Pick<PolicyBundle, 'resources'>, location: string): Attributes {
  const attributes: Attributes = {};
  for (let above: string | undefined = location; above !== undefined; above = parentOf(above)) {
    const said = Object.hasOwn(resources, above) ? resources[above]?.attributes : undefined;
    for (const [name, value] of Object.entries(said ?? {})) {
      if (!Object.hasOwn(attributes, name)) attributes[name] = value;
    }
  }
  return attributes;
}

/** What a location is directly in: the location above it in its name, and those that `resources.yaml` adds. */
export function directParents(resources: PolicyBundle['resources'], location: string): string[] {
  const above = parentOf(location);
  const others = Object.hasOwn(resources, location) ? (resources[location]?.in ?? []) : [];
  return above === undefined ? [...others] : [above, ...others];
}

/** The location above, in its name: `a/b` of `a/b/c`. */
function parentOf(location: string): string | undefined {
  const slash = location.lastIndexOf('/');
  return slash < 0 ? undefined : location.slice(0, slash);
}
