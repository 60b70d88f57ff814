import type { Hit } from '../model/check.ts';
import { elements, isMapping, isTrue, type Mapping } from '../model/values.ts';
import type { KubernetesRule } from './check.ts';
import type { KubernetesObject } from './objects.ts';

/** A field of pods or of their containers that may have only some values. */
export interface Field {
  of: 'pod' | 'container';
  /** The path from the pod spec or the container. `[]` stands for each element of a list. */
  path: readonly string[];
  /** The allowed values, besides an absent one. */
  allowed: Allowed;
  /** Returns the predicate of a message about a value, as in `is privileged`. */
  problem(value: string): string;
}

/** Returns the values of fields that are not allowed. */
export function forbiddenValues({ pods }: KubernetesObject, fields: readonly Field[]): Hit[] {
  return pods.flatMap((pod) => {
    const hits = fields.flatMap((field) => {
      const owners = field.of === 'pod' ? [{ title: pod.title, value: pod.spec }] : pod.containers;
      return owners.flatMap(({ title, value }) => [...valuesAt(value, field.path)].flatMap(hitOf(field, title)));
    });
    // A mapping that may be a pod or a container is reported once for each field.
    const isBoth = pod.containers.some(({ value }) => value === pod.spec);
    return isBoth ? [...new Map(hits.map((hit) => [hit.message, hit])).values()] : hits;
  });
}

/** A list of values, or a pattern of the allowed or the other values, in the syntax that JavaScript and RE2 share. */
type Allowed = readonly (string | number | false)[] | RegExp | { not: RegExp };

/** Returns a field of the security context of pods and of containers. */
export function inSecurityContext(path: string, allowed: Allowed, problem: Field['problem']): Field[] {
  const keys = ['securityContext', ...path.split('.')];
  return (['pod', 'container'] as const).map((of) => ({ of, path: keys, allowed, problem }));
}

/** Makes a rule about the values of fields, for the gate and for admission. */
export function fieldRule(rule: Omit<KubernetesRule, 'check' | 'admission'>, fields: readonly Field[]): KubernetesRule {
  return {
    ...rule,
    check: (object) => forbiddenValues(object, fields),
    admission: { of: 'pods', cel: () => celAllowed(fields) },
  };
}

interface Found {
  in: Mapping;
  key: string;
  value: unknown;
}

function* valuesAt(value: Mapping, path: readonly string[], found?: Found): Generator<Found> {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (found !== undefined) yield found;
  } else if (key === '[]') {
    for (const element of found === undefined ? [] : elements(found.value)) {
      yield* valuesAt(isMapping(element) ? element : {}, rest, {
        in: found?.in ?? value,
        key: found?.key ?? '',
        value: element,
      });
    }
  } else {
    const next = value[key];
    if (next !== undefined && next !== null) {
      yield* valuesAt(isMapping(next) ? next : {}, rest, { in: value, key, value: next });
    }
  }
}

function hitOf({ allowed, problem }: Field, title: string): (found: Found) => Hit[] {
  return ({ in: container, key, value }) => {
    return typeof value === 'object' || isAllowed(value, allowed)
      ? []
      : [{ in: container, key, message: `${title} ${problem(String(value))}` }];
  };
}

function isAllowed(value: unknown, allowed: Allowed): boolean {
  if (allowed instanceof RegExp) return allowed.test(String(value));
  if ('not' in allowed) return !allowed.not.test(String(value));
  return allowed.includes(false) ? !isTrue(value) : allowed.some((each) => String(each) === String(value));
}

/** Returns a CEL expression over `variables` that is true if every field has an allowed value. */
export function celAllowed(fields: readonly Field[]): string {
  const expressions = (of: Field['of'], owner: string) =>
    fields.filter((field) => field.of === of).map((field) => `(${celOf(owner, field.path, field.allowed, 0)})`);
  const ofContainers = expressions('container', 'c');
  return [
    ...expressions('pod', 'variables.spec'),
    ...(ofContainers.length === 0 ? [] : [`variables.containers.all(c, ${ofContainers.join(' && ')})`]),
  ].join(' && ');
}

function celOf(owner: string, path: readonly string[], allowed: Allowed, depth: number): string {
  const [key, ...rest] = path;
  if (key === undefined) {
    if (allowed instanceof RegExp) return celMatches(owner, allowed);
    if ('not' in allowed) return `!${celMatches(owner, allowed.not)}`;
    return `${owner} in [${allowed.map((each) => (typeof each === 'string' ? celText(each) : String(each))).join(', ')}]`;
  }
  if (key === '[]') {
    const element = `e${depth}`;
    return `${owner}.all(${element}, ${celOf(element, rest, allowed, depth + 1)})`;
  }
  return `!has(${owner}.${key}) || ${celOf(`${owner}.${key}`, rest, allowed, depth)}`;
}

/** Returns a CEL expression that is true if a text matches a pattern in the syntax that JavaScript and RE2 share. */
export function celMatches(text: string, { source, ignoreCase }: RegExp): string {
  // JavaScript adds escapes of slashes.
  const plain = source.replace(/\\(.)/g, (escaped, character) => (character === '/' ? character : escaped));
  return `${text}.matches(${celText(`${ignoreCase ? '(?i)' : ''}${plain}`)})`;
}

/** Returns a CEL string literal. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
