import { elements, isMapping, type Mapping, mapping, textOf } from '../model/values.ts';
import { mapped, parameterAt, resourceAt } from './scope.ts';

/** Represents a part of a text that is unknown before deployment, such as a parameter or a resource attribute. */
export const UNKNOWN = '\u0000';

/** Represents a part that is unknown and that nothing in the template restricts, such as a parameter without default. */
export const OPEN = '\u0002';

/** Values for pseudo parameters. They contain no colons, which would split an ARN wrongly. */
const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': '<this account>',
  'AWS::Region': '<this region>',
};

/** Maximum length of a text that functions return, so that no template exhausts the memory. */
const MAX_TEXT = 20_000;

/** Maximum number of values that a property can have. */
const MAX_VALUES = 64;

/** Maximum number of attributes that refer to each other. */
const MAX_ATTRIBUTES = 8;

/** Functions whose unknown values identify at most one resource, never a wildcard. */
const NARROW = ['Fn::ImportValue', 'Fn::GetAZs', 'Fn::Cidr', 'Fn::Base64', 'Fn::Length', 'Fn::GetStackOutput'];

/** How values are resolved. */
interface Resolving {
  /** Whether parameters are replaced by their possible values. */
  withDefaults: boolean;
  /** Collects why values are {@link OPEN}, as clauses. */
  reasons?: Set<string>;
  attributes?: number;
}

/**
 * Resolves a property to text, with {@link UNKNOWN} for the parts that are unknown before deployment. Of several possible
 * texts, returns the first: call {@link alternatives} first.
 *
 * @param withDefaults whether parameters are replaced by their possible values
 */
export function resolveText(value: unknown, withDefaults = true): string {
  return possibleTexts(value, { withDefaults })[0]?.replaceAll(OPEN, UNKNOWN) ?? UNKNOWN;
}

/**
 * Returns the possible texts of a property: for both branches of conditions, for all allowed values of parameters, and for
 * all rows of a mapping whose key is unknown. Parts that are unknown are {@link UNKNOWN} or {@link OPEN}.
 */
export function possibleTexts(value: unknown, how: Resolving = { withDefaults: true }): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (!isMapping(value)) return [UNKNOWN];
  const cache = how.withDefaults ? resolved : resolvedWithoutDefaults;
  const known = cache.get(value) ?? resolvedNow(value, how);
  cache.set(value, known);
  for (const reason of known.reasons) how.reasons?.add(reason);
  return known.texts;
}

interface Resolved {
  texts: string[];
  reasons: ReadonlySet<string>;
}

/** Caches, because rules need the same values, and attributes refer to the same properties. */
const resolved = new WeakMap<object, Resolved>();
const resolvedWithoutDefaults = new WeakMap<object, Resolved>();

function resolvedNow(value: Mapping, how: Resolving): Resolved {
  const reasons = new Set<string>();
  const texts = [...new Set(resolve(value, { ...how, reasons }))].map((text) => (text.length > MAX_TEXT ? OPEN : text));
  if (texts.length <= MAX_VALUES) return { texts, reasons };
  return { texts: openBecause({ ...how, reasons }, `it has more than ${MAX_VALUES} possible values`), reasons };
}

function resolve(value: Mapping, how: Resolving): string[] {
  const [name = '', argument] = Object.entries(value)[0] ?? [];
  if (name === 'Ref') return named(value, argument, how);
  if (name === 'Fn::If')
    return elements(argument)
      .slice(1)
      .filter(isValue)
      .flatMap((branch) => possibleTexts(branch, how));
  if (name === 'Fn::Join') {
    const [separator, parts] = elements(argument);
    return lists(parts, how).flatMap((list) => joined(list, textOf(separator) ?? UNKNOWN, how));
  }
  if (name === 'Fn::Sub') {
    const [template, variables] = [argument].flat();
    return substitute(value, template, mapping(variables), how);
  }
  if (name === 'Fn::Select') {
    const [index, list] = elements(argument);
    const indexes = possibleTexts(index, how).map(Number);
    const chosen = (each: unknown[]) => indexes.flatMap((at) => (Number.isInteger(at) ? [each[at]] : each));
    return lists(list, how)
      .flatMap(chosen)
      .flatMap((each) => possibleTexts(each, how));
  }
  if (name === 'Fn::FindInMap') return found(value, how).flatMap((each) => possibleTexts(each, how));
  if (name === 'Fn::GetAtt') return attribute(value, [argument].flat().map(String).join('.'), how);
  if (NARROW.includes(name) || !name.startsWith('Fn::')) return [UNKNOWN];
  return openBecause(how, `the result of ${name} is known only at deployment`);
}

function openBecause({ reasons }: Resolving, reason: string): string[] {
  reasons?.add(reason);
  return [OPEN];
}

function isValue(value: unknown): boolean {
  return mapping(value).Ref !== 'AWS::NoValue';
}

/** Returns the possible lists of a value that is a list or returns one. */
function lists(value: unknown, how: Resolving): unknown[][] {
  if (Array.isArray(value)) return [value.filter(isValue)];
  return knownLists(value, how) ?? [[value]];
}

function knownLists(value: unknown, how: Resolving): unknown[][] | undefined {
  if (!isMapping(value)) return undefined;
  const [name, argument] = Object.entries(value)[0] ?? [];
  if (name === 'Fn::Split') {
    const [separator, text] = elements(argument);
    if (typeof separator !== 'string' || separator === '') return undefined;
    return possibleTexts(text, how).map((each) => each.split(separator));
  }
  if (name === 'Fn::If')
    return elements(argument)
      .slice(1)
      .flatMap((branch) => lists(branch, how));
  const values = name === 'Ref' && how.withDefaults ? parameterAt(value, argument)?.values : found(value, how);
  const known = values?.filter((each) => Array.isArray(each)) ?? [];
  return known.length > 0 ? known : undefined;
}

/** Joins the possible texts of each part in every combination. */
function joined(parts: readonly unknown[], separator: string, how: Resolving): string[] {
  let texts = [''];
  for (const [index, part] of parts.entries()) {
    const next = possibleTexts(part, how);
    if (texts.length * next.length > MAX_VALUES) {
      return openBecause(how, `it has more than ${MAX_VALUES} possible values`);
    }
    texts = texts.flatMap((text) => next.map((each) => (index === 0 ? each : text + separator + each)));
    if (texts.some(({ length }) => length > 2 * MAX_TEXT)) return openBecause(how, 'it is too long');
  }
  return texts;
}

function found(value: object, how: Resolving): unknown[] {
  const path = mapping(value)['Fn::FindInMap'];
  if (!Array.isArray(path)) return [];
  const keys = path.slice(0, 3).map((part) => possibleTexts(part, how));
  const [names = [], tops = [], seconds = []] = keys;
  const isKnown = (key: string) => ![UNKNOWN, OPEN, '<this '].some((part) => key.includes(part));
  const rows = names.flatMap((name) =>
    tops.flatMap((top) => seconds.flatMap((second) => mapped(value, [name, top, second], isKnown))),
  );
  const { DefaultValue } = mapping(path[3]);
  return DefaultValue === undefined ? rows : [...rows, DefaultValue];
}

function named(at: object, name: unknown, how: Resolving): string[] {
  // In a string, `AWS::NoValue` is the empty string.
  if (name === 'AWS::NoValue') return [''];
  if (typeof name === 'string' && Object.hasOwn(PSEUDO, name)) return [PSEUDO[name] ?? UNKNOWN];
  const parameter = parameterAt(at, name);
  if (parameter === undefined) return [UNKNOWN];
  if (!how.withDefaults) return [UNKNOWN];
  const texts = parameter.values.filter((value) => typeof value === 'string');
  if (parameter.open) texts.push(...openBecause(how, `the value of the parameter ${name} is not in the template`));
  return texts.length > 0 ? texts : [UNKNOWN];
}

/** Returns the possible values of `Resource.Attribute`. An attribute with the name of a property has its value. */
function attribute(at: object, path: string, how: Resolving): string[] {
  const [id = '', ...names] = path.split('.');
  const { Type, Properties } = resourceAt(at, id) ?? {};
  const [name = ''] = names;
  if (names.length === 1 && isMapping(Properties) && Object.hasOwn(Properties, name)) {
    const attributes = (how.attributes ?? 0) + 1;
    return attributes > MAX_ATTRIBUTES ? [UNKNOWN] : possibleTexts(Properties[name], { ...how, attributes });
  }
  if (!/^Custom::|::CustomResource$/.test(textOf(Type) ?? '')) return [UNKNOWN];
  return openBecause(how, `the custom resource ${id} returns it`);
}

function substitute(at: object, template: unknown, variables: Record<string, unknown>, how: Resolving): string[] {
  if (typeof template !== 'string') return [UNKNOWN];
  // Each variable is resolved only once, and has the same value everywhere.
  const names = [...new Set([...template.matchAll(/\$\{([^{}!][^{}]*)\}/g)].map(([, name = '']) => name.trim()))];
  let values: ReadonlyMap<string, string>[] = [new Map()];
  for (const name of names) {
    const texts = Object.hasOwn(variables, name)
      ? possibleTexts(variables[name], how)
      : name.includes('.')
        ? attribute(at, name, how)
        : named(at, name, how);
    if (values.length * texts.length > MAX_VALUES) {
      return openBecause(how, `it has more than ${MAX_VALUES} possible values`);
    }
    values = values.flatMap((known) => texts.map((text) => new Map(known).set(name, text)));
  }
  return values.map((known) => {
    let length = template.length;
    return template.replace(/\$\{([^{}]*)\}/g, (_whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      const text = known.get(name.trim()) ?? UNKNOWN;
      length += text.length;
      return length > 2 * MAX_TEXT ? UNKNOWN : text;
    });
  });
}

/**
 * Returns the possible values of a property: elements of lists, both branches of `Fn::If`, and texts, without
 * `AWS::NoValue`. A value that is wholly unknown is returned as it is.
 *
 * @param withDefaults whether parameters are replaced by their possible values
 */
export function alternatives(value: unknown, withDefaults = true): unknown[] {
  return choices(value, { withDefaults }, (each, texts) => {
    const known = texts.map((text) => text.replaceAll(OPEN, UNKNOWN));
    return known.every((text) => text === UNKNOWN) ? [each] : [...new Set(known)];
  });
}

/** Returns the possible values of a property as {@link alternatives} does, but also texts for values that are entirely unknown. */
export function possibleValues(value: unknown, reasons: Set<string>): unknown[] {
  return choices(value, { withDefaults: true, reasons }, (_each, texts) => texts);
}

function choices(
  value: unknown,
  how: Resolving,
  ofTexts: (value: unknown, texts: readonly string[]) => readonly unknown[],
): unknown[] {
  if (value === undefined || value === null || !isValue(value)) return [];
  if (Array.isArray(value)) return value.flatMap((each) => choices(each, how, ofTexts));
  if (!isMapping(value)) return [value];
  const branches = value['Fn::If'];
  if (Array.isArray(branches)) return branches.slice(1).flatMap((each) => choices(each, how, ofTexts));
  if (!isIntrinsic(value)) return [value];
  const known = knownLists(value, how);
  if (known) return known.flat().flatMap((each) => choices(each, how, ofTexts));
  return [...ofTexts(value, possibleTexts(value, how))];
}

/** Reports whether a value is an intrinsic function. */
export function isIntrinsic(value: unknown): boolean {
  return isMapping(value) && Object.keys(value).some((key) => key === 'Ref' || key.startsWith('Fn::'));
}
