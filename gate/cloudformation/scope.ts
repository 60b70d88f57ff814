import { isMapping, type Mapping, mapping, textOf } from '../model/values.ts';

/** Maximum length of a parameter default that is used, in characters. */
const MAX_DEFAULT = 4_096;

/** The parts of a template that intrinsic functions refer to. */
interface Scope {
  parameters: Mapping;
  mappings: Mapping;
}

/** The scope of each function. Values are resolved without access to their template. */
const scopes = new WeakMap<object, Scope>();

/** Records the scope of all functions in a template's resources. */
export function noteScope(template: Mapping): void {
  const scope = { parameters: mapping(template.Parameters), mappings: mapping(template.Mappings) };
  const seen = new Set<unknown>();
  const open: unknown[] = [template.Resources];
  while (open.length > 0) {
    const value = open.pop();
    // Aliases repeat the same object.
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isMapping(value) && (value.Ref !== undefined || Object.keys(value).some((key) => key.startsWith('Fn::')))) {
      scopes.set(value, scope);
    }
    for (const member of Object.values(value)) open.push(member);
  }
}

/** Returns the default of the parameter to which a function refers: text, or an array for a list. */
export function defaultOf(at: object, name: unknown): string | string[] | undefined {
  const parameters = scopes.get(at)?.parameters;
  if (parameters === undefined || typeof name !== 'string' || !Object.hasOwn(parameters, name)) return undefined;
  const { Type, Default } = mapping(parameters[name]);
  const text = typeof Default === 'number' ? String(Default) : textOf(Default);
  // An empty default must be replaced at deployment. The default of a Systems Manager parameter is only its name.
  if (!text || text.length > MAX_DEFAULT || textOf(Type)?.startsWith('AWS::SSM::')) return undefined;
  return /List/.test(textOf(Type) ?? '') ? text.split(',').map((part) => part.trim()) : text;
}

/** Returns the value under two keys in a mapping of the template. */
export function mapped(at: object, name: string, top: string, second: string): unknown {
  const maps = scopes.get(at)?.mappings;
  return mapping(mapping(own(maps, name))[top])[second];
}

function own(value: Mapping | undefined, key: string): unknown {
  return value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
}
