import { isMapping, type Mapping, mapping, textOf } from '../model/values.ts';

/** Characters of a parameter's default that is taken into account. */
const MAX_DEFAULT = 4_096;

/** What intrinsic functions of a template refer to. */
interface Scope {
  parameters: Mapping;
  mappings: Mapping;
}

/** Which template a function stands in: values are read without it. */
const scopes = new WeakMap<object, Scope>();

/** Notes for all functions below a value which template they are of. */
export function noteScope(template: Mapping): void {
  const scope = { parameters: mapping(template.Parameters), mappings: mapping(template.Mappings) };
  const seen = new Set<unknown>();
  const open: unknown[] = [template.Resources];
  while (open.length > 0) {
    const value = open.pop();
    // What aliases repeat is one object.
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isMapping(value) && (value.Ref !== undefined || Object.keys(value).some((key) => key.startsWith('Fn::')))) {
      scopes.set(value, scope);
    }
    for (const member of Object.values(value)) open.push(member);
  }
}

/** The default of a parameter to which a function refers, as text or, of a list, as texts; nothing if there is none. */
export function defaultOf(at: object, name: unknown): string | string[] | undefined {
  const parameters = scopes.get(at)?.parameters;
  if (parameters === undefined || typeof name !== 'string' || !Object.hasOwn(parameters, name)) return undefined;
  const { Type, Default } = mapping(parameters[name]);
  const text = typeof Default === 'number' ? String(Default) : textOf(Default);
  // An empty one must be given; one of Systems Manager is the name of what is there.
  if (!text || text.length > MAX_DEFAULT || textOf(Type)?.startsWith('AWS::SSM::')) return undefined;
  return /List/.test(textOf(Type) ?? '') ? text.split(',').map((part) => part.trim()) : text;
}

/** What a mapping of the template holds under two keys. */
export function mapped(at: object, name: string, top: string, second: string): unknown {
  const maps = scopes.get(at)?.mappings;
  return mapping(mapping(own(maps, name))[top])[second];
}

function own(value: Mapping | undefined, key: string): unknown {
  return value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
}
