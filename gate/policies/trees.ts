import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { operation, pathOf } from '@tvm/core/policy/expression.ts';
import type { Thing } from '@tvm/core/policy/partial-evaluation.ts';
import type { PolicyDirectory } from './directory.ts';
import { place } from './situation.ts';

/** The top-level trees of resources. Each is a system with all locations below its name. */
export interface Trees {
  /** The trees that have an entry in `resources.yaml`. */
  named: readonly string[];
  /** Returns the trees that are completely in a location, the location itself first. */
  wholeIn(location: string): readonly string[];
  /** Returns an unnamed location below the top of a tree. It represents the whole tree. */
  below(tree: string): Thing;
}

/**
 * Finds the trees of a policy directory. A top-level name is a tree unless it only groups other locations. An entry of
 * `resources.yaml` that adds a location to a tree does not make the tree a group.
 */
export function treesOf(directory: PolicyDirectory): Trees {
  const groups = groupsOf(directory);
  const isTree = (location: string) => !location.includes('/') && !groups.has(location);
  const things = new Map<string, Thing>();
  return {
    named: Object.keys(directory.content.resources).filter(isTree),
    wholeIn: (location) => [location, ...directory.placesIn(location)].filter(isTree),
    below: (tree) => {
      const known = things.get(tree) ?? place(directory.content, `${tree}/*`);
      things.set(tree, known);
      return known;
    },
  };
}

/** Returns the top-level names that only contain others with `in`: no paths, no attributes and no tokens refer to them. */
function groupsOf({ content, policies }: PolicyDirectory): Set<string> {
  const entries = Object.entries(content.resources);
  const groups = new Set(entries.flatMap(([, { in: around }]) => around).filter((name) => !name.includes('/')));
  if (groups.size === 0) return groups;
  for (const [location, { attributes }] of entries) {
    if (Object.keys(attributes).length > 0) groups.delete(location);
  }
  const roles = Object.values(content.roles);
  const granted = roles.flatMap(({ authorizationDetails }) =>
    authorizationDetails.flatMap(({ locations }) => locations),
  );
  const locations = [
    ...entries.flatMap(([location, { in: around }]) => [location, ...around]),
    ...policies.flatMap(({ facts }) => facts.named.Resource),
    // A subtree is below its root by path.
    ...granted.map((location) => (subtreeRoot(location) === undefined ? location : `${subtreeRoot(location)}/`)),
  ];
  for (const location of locations) {
    const slash = location.indexOf('/');
    if (slash >= 0) groups.delete(location.slice(0, slash));
  }
  for (const { audience } of roles) if (audience !== undefined) groups.delete(audience);
  for (const { conjuncts } of policies) for (const audience of audiencesIn(conjuncts)) groups.delete(audience);
  return groups;
}

/** Returns the texts with which an expression compares the audience. */
function audiencesIn(expression: unknown): string[] {
  if (typeof expression !== 'object' || expression === null) return [];
  if (Array.isArray(expression)) return expression.flatMap(audiencesIn);
  const [, operand] = operation(expression as cedar.Expr);
  if (typeof operand !== 'object' || operand === null) return [];
  const parts = Object.values(operand);
  return parts.some(isAudience) ? parts.flatMap(textsIn) : parts.flatMap(audiencesIn);
}

function isAudience(expression: unknown): boolean {
  return typeof expression === 'object' && expression !== null && '.' in expression
    ? pathOf(expression as cedar.Expr) === 'context.audience'
    : false;
}

function textsIn(expression: unknown): string[] {
  if (typeof expression !== 'object' || expression === null) return [];
  if ('Value' in expression && typeof expression.Value === 'string') return [expression.Value];
  return 'Set' in expression ? (expression.Set as unknown[]).flatMap(textsIn) : [];
}
