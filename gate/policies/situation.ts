import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseSubject } from '@tvm/contract/subject.ts';
import { type AttributesBySource, attributesBySource } from '@tvm/core/identity/attributes.ts';
import { operation, pathOf, type Two } from '@tvm/core/policy/expression.ts';
import { ABSENT, type Named, type Thing, UNKNOWN, type Value } from '@tvm/core/policy/partial-evaluation.ts';
import { locateResource } from '@tvm/core/policy/resource-tree.ts';
import type { Content } from './content.ts';

/** A workload about which nothing is known. */
export const ANY_WORKLOAD: Thing = {
  type: 'Workload',
  id: undefined,
  attribute: () => UNKNOWN,
  isIn: () => undefined,
};

/** Attributes of a workload that are known only with a request. */
const OF_AWS_REQUEST = ['session', 'organization'];
const OF_FEDERATED_REQUEST = ['claims'];

/** Returns a workload with the attributes from its subject and from `workloads.yaml`. */
export function workload(content: Content, subject: string): Thing {
  const parsed = parseSubject(subject);
  const { operator, aws }: Pick<AttributesBySource, 'operator' | 'aws'> =
    parsed === undefined ? { operator: {}, aws: {} } : attributesBySource(content, parsed);
  const attributes: Record<string, Value> = { ...operator, ...aws };
  const ofRequest = parsed?.kind === 'federated' ? OF_FEDERATED_REQUEST : OF_AWS_REQUEST;
  const trust = parsed?.kind === 'federated' ? parsed.trust : undefined;
  return {
    type: 'Workload',
    id: subject,
    attribute: (name) => {
      if (ofRequest.includes(name)) return UNKNOWN;
      return Object.hasOwn(attributes, name) ? (attributes[name] ?? ABSENT) : ABSENT;
    },
    isIn: ({ type, id }) => (type === 'Trust' ? id === trust : type === 'Workload' && id === subject),
  };
}

/** Returns an unnamed workload of a trust entry. `workloads.yaml` may give it any attributes. */
export function anyWorkloadOf(trust: string): Thing {
  const known: Record<string, Value> = { account: '', kind: 'federated', name: '' };
  return {
    type: 'Workload',
    id: undefined,
    attribute: (name) => (OF_AWS_REQUEST.includes(name) ? ABSENT : (known[name] ?? UNKNOWN)),
    isIn: ({ type, id }) => (type === 'Trust' ? id === trust : undefined),
  };
}

/** Returns a location as an entity. `…/*` is an unnamed location below another. */
export function place(content: Content, location: string): Thing {
  const { attributes, ancestry } = locateResource(content, location);
  const within = new Set(ancestry.map(({ location }) => location));
  return {
    type: 'Resource',
    // An unnamed location is different from all named ones.
    id: location,
    attribute: (name) => (Object.hasOwn(attributes, name) ? (attributes[name] ?? ABSENT) : ABSENT),
    isIn: ({ type, id }) => type === 'Resource' && within.has(id),
  };
}

/** Returns a role of `roles.yaml` as an entity. */
export function role(name: string): Thing {
  return bare('Role', name);
}

/** Returns an entity without attributes that is in no other entity. */
function bare(type: string, id: string): Thing {
  return { type, id, attribute: () => ABSENT, isIn: (entity) => entity.type === type && entity.id === id };
}

/** Returns a function that looks up named entities in the files of the directory. */
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

/** Returns a resource of which only the type is known. */
export function anyResource(type: 'Resource' | 'Role' | undefined): Thing {
  return {
    type,
    id: undefined,
    attribute: () => UNKNOWN,
    isIn: (entity) => (type !== undefined && entity.type !== type ? false : undefined),
  };
}

/** Returns the values of attributes that the conditions require, by path. If two contradict each other, the first is used. */
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
