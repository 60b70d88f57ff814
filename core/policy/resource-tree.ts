import type { Attributes } from '../identity/attributes.ts';
import type { PolicyBundle } from './bundle.ts';

/** A location as policies see it: its attributes and its ancestors. */
export interface LocatedResource {
  attributes: Attributes;
  /** The location and all its ancestors, each with its direct parents. */
  ancestry: { location: string; parents: string[] }[];
}

/** Resolves a location: `a/b/c` is in `a/b`, which is in `a`. `resources.yaml` may add parents to each. */
export function locateResource(bundle: Pick<PolicyBundle, 'resources'>, location: string): LocatedResource {
  const { resources } = bundle;
  const attributes = attributesAt(bundle, location);
  const ancestry: LocatedResource['ancestry'] = [];
  const seen = new Set<string>();
  for (const pending = [location]; ; ) {
    const next = pending.pop();
    if (next === undefined) return { attributes, ancestry };
    if (seen.has(next)) continue;
    seen.add(next);
    const parents = directParents(resources, next);
    ancestry.push({ location: next, parents });
    pending.push(...parents);
  }
}

/** The attributes of a location. Each attribute comes from the location itself or its nearest ancestor by name. */
export function attributesAt({ resources }: Pick<PolicyBundle, 'resources'>, location: string): Attributes {
  const attributes: Attributes = {};
  for (let above: string | undefined = location; above !== undefined; above = parentOf(above)) {
    const own = Object.hasOwn(resources, above) ? resources[above]?.attributes : undefined;
    for (const [name, value] of Object.entries(own ?? {})) {
      if (!Object.hasOwn(attributes, name)) attributes[name] = value;
    }
  }
  return attributes;
}

/** The direct parents of a location: its parent by name, and the parents that `resources.yaml` adds. */
export function directParents(resources: PolicyBundle['resources'], location: string): string[] {
  const above = parentOf(location);
  const others = Object.hasOwn(resources, location) ? (resources[location]?.in ?? []) : [];
  return above === undefined ? [...others] : [above, ...others];
}

/** The parent by name: `a/b` for `a/b/c`. */
function parentOf(location: string): string | undefined {
  const slash = location.lastIndexOf('/');
  return slash < 0 ? undefined : location.slice(0, slash);
}
