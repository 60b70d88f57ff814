import { elements, isMapping, mapping, textOf } from '../model/values.ts';
import { defaultOf, mapped } from './scope.ts';

/** Represents a part of a text that is unknown before deployment, such as a parameter or a resource attribute. */
export const UNKNOWN = '\u0000';

/** Values for pseudo parameters. They contain no colons, which would split an ARN wrongly. */
const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::AccountId': '<this account>',
  'AWS::Region': '<this region>',
};

/** Maximum length of a text that functions return, so that no template exhausts the memory. */
const MAX_TEXT = 20_000;

/**
 * Resolves a property to text, with {@link UNKNOWN} for the parts that are unknown before deployment.
 *
 * @param withDefaults whether parameters are replaced by their defaults
 */
export function resolveText(value: unknown, withDefaults = true): string {
  const text = resolve(value, withDefaults);
  return text.length > MAX_TEXT && typeof value === 'object' ? UNKNOWN : text;
}

function resolve(value: unknown, withDefaults: boolean): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!isMapping(value)) return UNKNOWN;
  if (value.Ref !== undefined) return named(value, value.Ref, withDefaults);
  if (Array.isArray(value['Fn::Join'])) {
    const [separator, parts] = value['Fn::Join'];
    const list = Array.isArray(parts) ? parts : listOf(parts, withDefaults);
    return list?.map((part) => resolveText(part, withDefaults)).join(textOf(separator) ?? UNKNOWN) ?? UNKNOWN;
  }
  if (value['Fn::Sub'] !== undefined) {
    const [template, variables] = [value['Fn::Sub']].flat();
    return substitute(value, template, mapping(variables), withDefaults);
  }
  if (Array.isArray(value['Fn::Select'])) {
    const [index, list] = value['Fn::Select'];
    return resolveText((Array.isArray(list) ? list : listOf(list, withDefaults))?.[Number(index)], withDefaults);
  }
  const found = inMap(value, withDefaults);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : UNKNOWN;
}

/** Returns the list that an intrinsic function returns, or `undefined` if it is unknown before deployment. */
function listOf(value: unknown, withDefaults = true): unknown[] | undefined {
  if (!isMapping(value)) return undefined;
  if (Array.isArray(value['Fn::Split'])) {
    const [separator, text] = value['Fn::Split'];
    if (typeof separator !== 'string' || separator === '') return undefined;
    return resolveText(text, withDefaults).split(separator);
  }
  const known = value.Ref !== undefined && withDefaults ? defaultOf(value, value.Ref) : inMap(value, withDefaults);
  return Array.isArray(known) ? known : undefined;
}

function inMap(value: object, withDefaults: boolean): unknown {
  const path = mapping(value)['Fn::FindInMap'];
  if (!Array.isArray(path)) return undefined;
  const [name = UNKNOWN, top = UNKNOWN, second = UNKNOWN] = path.map((part) => resolveText(part, withDefaults));
  return mapped(value, name, top, second);
}

function named(at: object, name: unknown, withDefaults: boolean): string {
  if (typeof name === 'string' && Object.hasOwn(PSEUDO, name)) return PSEUDO[name] ?? UNKNOWN;
  const known = withDefaults ? defaultOf(at, name) : undefined;
  return typeof known === 'string' ? known : UNKNOWN;
}

function substitute(at: object, template: unknown, variables: Record<string, unknown>, withDefaults: boolean): string {
  if (typeof template !== 'string') return UNKNOWN;
  // Each variable is resolved only once. Nested functions would otherwise take exponential time.
  const resolved = new Map<string, string>();
  let length = template.length;
  return template.replace(/\$\{([^{}]*)\}/g, (_whole, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    const text =
      resolved.get(name) ??
      (Object.hasOwn(variables, name) ? resolveText(variables[name], withDefaults) : named(at, name, withDefaults));
    resolved.set(name, text);
    length += text.length;
    return length > 2 * MAX_TEXT ? UNKNOWN : text;
  });
}

/** Returns the possible values of a property: elements of lists and both branches of `Fn::If`, without `AWS::NoValue`. */
export function alternatives(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(alternatives);
  if (!isMapping(value)) return [value];
  if (value.Ref === 'AWS::NoValue') return [];
  if (Array.isArray(value['Fn::If'])) return elements(value['Fn::If']).slice(1).flatMap(alternatives);
  return listOf(value)?.flatMap(alternatives) ?? [value];
}

/** Reports whether a value is an intrinsic function. */
export function isIntrinsic(value: unknown): boolean {
  return isMapping(value) && Object.keys(value).some((key) => key === 'Ref' || key.startsWith('Fn::'));
}
