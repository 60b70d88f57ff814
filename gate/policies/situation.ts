import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import { placeResource } from '@tvm/core/policy/resource-tree.ts';
import { operation, pathOf, type Two } from './conditions.ts';
import type { Content } from './content.ts';
import { ABSENT, type Named, type Thing, UNKNOWN, type Value } from './evaluate.ts';

/** A workload of which nothing is known. */
export const ANY_WORKLOAD: Thing = {
  type: 'Workload',
  id: undefined,
  attribute: () => UNKNOWN,
  isIn: () => undefined,
};

/** What AWS says of a workload only when it asks. */
const OF_THE_REQUEST = ['session', 'organization'];

/** A workload by its ARN: what it has by that, and by `workloads.yaml`. */
export function workload({ workloads }: Content, arn: string): Thing {
  const configured = Object.hasOwn(workloads, arn) ? workloads[arn] : undefined;
  const { account, kind, name } = parseWorkloadArn(arn) ?? {};
  const attributes: Record<string, Value | undefined> = { ...configured, account, kind, name };
  return {
    type: 'Workload',
    id: arn,
    attribute: (name) => {
      if (OF_THE_REQUEST.includes(name)) return UNKNOWN;
      return Object.hasOwn(attributes, name) ? (attributes[name] ?? ABSENT) : ABSENT;
    },
    isIn: ({ type, id }) => type === 'Workload' && id === arn,
  };
}

/** A place: a location, or with `…/*` something below one that nobody names. */
export function place(content: Content, location: string): Thing {
  const { attributes, ancestry } = placeResource(content, location);
  const within = new Set(ancestry.map(({ location }) => location));
  return {
    type: 'Resource',
    // What nobody names is none of those that are named.
    id: location,
    attribute: (name) => (Object.hasOwn(attributes, name) ? (attributes[name] ?? ABSENT) : ABSENT),
    isIn: ({ type, id }) => type === 'Resource' && within.has(id),
  };
}

/** A role of `roles.yaml`. */
export function role(name: string): Thing {
  return bare('Role', name);
}

/** An entity that has no attributes and is in no other. */
function bare(type: string, id: string): Thing {
  return { type, id, attribute: () => ABSENT, isIn: (entity) => entity.type === type && entity.id === id };
}

/** Finds what the files say of the entities that policies name. */
export function namedIn(content: Content): Named {
  const known = new Map<string, Thing>();
  return ({ type, id }) => {
    const name = `${type} ${id}`;
    const found = known.get(name);
    if (found !== undefined) return found;
    const thing =
      type === 'Resource' ? place(content, id) : type === 'Workload' ? workload(content, id) : bare(type, id);
    known.set(name, thing);
    return thing;
  };
}

/** A resource of which no more is known than its type. */
export function anyResource(type: 'Resource' | 'Role' | undefined): Thing {
  return {
    type,
    id: undefined,
    attribute: () => UNKNOWN,
    isIn: (entity) => (type !== undefined && entity.type !== type ? false : undefined),
  };
}

/** What attributes are wherever conditions hold, by their paths; of two that contradict each other, the first. */
export function assumptions(conjuncts: readonly cedar.Expr[]): Map<string, Value> {
  const assumed = new Map<string, Value>();
  const assume = (path: string | undefined, value: Value) => {
    if (path !== undefined && !assumed.has(path)) assumed.set(path, value);
  };
  for (const conjunct of conjuncts) {
    const [operator, operand] = operation(conjunct);
    if (operator === '==') {
      const { left, right } = operand as Two;
      for (const [one, other] of [
        [left, right],
        [right, left],
      ] as const) {
        const [kind, value] = operation(other);
        if (kind === 'Value' && typeof value !== 'object') assume(pathOf(one), value as Value);
      }
    } else if (operator === 'has') {
      const { left, attr } = operand as { left: cedar.Expr; attr: string | string[] };
      const of = pathOf(left);
      if (of !== undefined) assume(`${of}.${[attr].flat()[0]}?`, true);
    } else if (operator === '.') {
      assume(pathOf(conjunct), true);
    } else if (operator === '!') {
      assume(pathOf((operand as { arg: cedar.Expr }).arg), false);
    }
  }
  return assumed;
}
