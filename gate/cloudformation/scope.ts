import { isMapping, type Mapping, mapping, textOf } from '../model/values.ts';

/** Maximum length of a parameter default that is used, in characters. */
const MAX_DEFAULT = 4_096;

/** Maximum number of rows of a mapping that are used: more than a property may have values. */
const MAX_ROWS = 100;

/** The parts of a template that intrinsic functions refer to. */
interface Scope {
  parameters: Mapping;
  mappings: Mapping;
  resources: Mapping;
}

/** The scope of each function. Values are resolved without access to their template. */
const scopes = new WeakMap<object, Scope>();

/** Records the scope of all functions in a template's resources. */
export function noteScope(template: Mapping): void {
  const [parameters, mappings] = [mapping(template.Parameters), mapping(template.Mappings)];
  const scope = { parameters, mappings, resources: mapping(template.Resources) };
  const seen = new Set<unknown>();
  const open: unknown[] = [template.Resources];
  while (open.length > 0) {
    const value = open.pop();
    // Aliases repeat the same object.
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (isMapping(value) && Object.keys(value).some((key) => key === 'Ref' || key.startsWith('Fn::'))) {
      scopes.set(value, scope);
    }
    for (const member of Object.values(value)) open.push(member);
  }
}

/** The possible values of a parameter: a text, or a list of texts. */
export interface ParameterValues {
  values: (string | string[])[];
  /** Whether other values are possible, because nothing in the template restricts the parameter. */
  open: boolean;
}

/** Returns the possible values of the parameter to which a function refers, or `undefined` if there is none. */
export function parameterAt(at: object, name: unknown): ParameterValues | undefined {
  const declared = typeof name === 'string' ? own(scopes.get(at)?.parameters, name) : undefined;
  if (declared === undefined) return undefined;
  if (!isMapping(declared)) return { values: [], open: true };
  const known = parameters.get(declared) ?? valuesOf(declared);
  parameters.set(declared, known);
  return known;
}

/** Caches, because functions refer to the same parameters and mappings. */
const parameters = new WeakMap<Mapping, ParameterValues>();
const rowsOf = new WeakMap<Mapping, unknown[]>();

function valuesOf({ Type, Default, AllowedValues }: Mapping): ParameterValues {
  const type = textOf(Type) ?? '';
  // The default of a Systems Manager parameter is only its name.
  if (type.startsWith('AWS::SSM::')) return { values: [], open: true };
  const isList = type.includes('List');
  const value = (text: string) => (isList ? text.split(',').map((part) => part.trim()) : text);
  const allowed = Array.isArray(AllowedValues) ? AllowedValues.flatMap(textsOf) : [];
  if (allowed.length > 0) return { values: allowed.map(value), open: false };
  const known = textsOf(Default).filter((text) => text.length <= MAX_DEFAULT);
  // CloudFormation checks values of types such as AWS::EC2::VPC::Id.
  return { values: known.map(value), open: known.length === 0 && !/AWS::|Number/.test(type) };
}

function textsOf(value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

/**
 * Returns the values under two keys in a mapping of the template.
 *
 * @param known reports whether a key is known. All rows of an unknown key are possible
 */
export function mapped(at: object, [name, top, second]: readonly string[], known: (key: string) => boolean): unknown[] {
  const rows = (value: Mapping, key: string | undefined): unknown[] => {
    if (key !== undefined && known(key)) return Object.hasOwn(value, key) ? [value[key]] : [];
    const all = rowsOf.get(value) ?? Object.values(value).slice(0, MAX_ROWS);
    rowsOf.set(value, all);
    return all;
  };
  const table = name === undefined ? undefined : own(scopes.get(at)?.mappings, name);
  return rows(mapping(table), top).flatMap((row) => rows(mapping(row), second));
}

/** Returns a resource of the template. */
export function resourceAt(at: object, id: string): Mapping | undefined {
  const resource = own(scopes.get(at)?.resources, id);
  return resource === undefined ? undefined : mapping(resource);
}

function own(value: Mapping | undefined, key: string): unknown {
  return value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
}
