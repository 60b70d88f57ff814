import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { action } from '@tvm/contract/authorization-details.ts';
import { type ClaimType, isClaimName } from '@tvm/contract/claims.ts';
import { CONTEXT_PATHS } from './authorization-request.ts';
import type { PolicyBundle } from './bundle.ts';
import { syntaxFlaws } from './cedar-file.ts';
import type { Flaw, PolicyFile } from './flaw.ts';

/** A valid `schema.cedarschema`, and what it declares. */
export interface PolicySchema {
  text: string;
  /** Whether workloads may be in trust entries, so that policies may apply to federated workloads. */
  trusts: boolean;
  /** The types of the claims that policies may read, by name. */
  claims: Record<string, ClaimType>;
  /** The actions on locations, and what each counts as. */
  actions: PolicyBundle['actions'];
}

/** Reads `schema.cedarschema`. Adds a flaw for each declaration that the service does not support or never provides. */
export function readSchema({ name: file, text }: PolicyFile, flaws: Flaw[]): PolicySchema | undefined {
  if (text === '') {
    flaws.push({
      rule: 'policy/schema',
      file,
      line: 1,
      message: 'is missing; it declares the entities, attributes and actions that policies may use',
    });
    return undefined;
  }
  const checked = cedar.schemaToJsonWithResolvedTypes(text);
  if (checked.type === 'failure') {
    flaws.push(...syntaxFlaws(file, text, checked.errors));
    return undefined;
  }
  flaws.push(
    ...[...unsupportedTypes(checked.json), ...neverProvided(checked.json), ...faultsOfActions(checked.json)].map(
      (message) => ({
        rule: 'policy/schema' as const,
        file,
        line: 1,
        message,
      }),
    ),
  );
  const workload = checked.json['']?.entityTypes.Workload as EntityOfSchema | undefined;
  const trusts = workload?.memberOfTypes?.includes('Trust') ?? false;
  const declared = trusts ? (plain(checked.json, workload?.shape?.attributes?.claims)?.attributes ?? {}) : {};
  const types = Object.entries(declared).flatMap(([name, type]) => {
    const known = claimType(checked.json, type);
    return known === undefined ? [] : [[name, known] as const];
  });
  return { text, trusts, claims: Object.fromEntries(types), actions: actionsOf(checked.json) };
}

/** Returns the actions that apply to resources. An action that applies to nothing is a group, which no request contains. */
function actionsOf(schema: cedar.SchemaJson<string>): PolicyBundle['actions'] {
  const actions = Object.entries((schema['']?.actions ?? {}) as Record<string, ActionOfSchema>);
  return Object.fromEntries(
    actions
      .filter(([, { appliesTo }]) => appliesTo?.resourceTypes?.includes('Resource'))
      .map(([name, { annotations }]) => [name, name === 'write' || annotations?.counts === 'write' ? 'write' : 'read']),
  );
}

/** Reports names that no request can contain, and annotations that would have no effect. */
function faultsOfActions(schema: cedar.SchemaJson<string>): string[] {
  const actions = (schema['']?.actions ?? {}) as Record<string, ActionOfSchema>;
  const names = Object.keys(actionsOf(schema)).flatMap((name) => {
    const [issue] = action.safeParse(name).error?.issues ?? [];
    if (issue === undefined) return [];
    return [
      `action "${name}" must have a name of at most 32 lower-case letters, digits, - and _, and not apply to Resource if it is assume`,
    ];
  });
  const counts = Object.entries(actions).flatMap(([name, { annotations }]) => {
    if (annotations === undefined || !Object.hasOwn(annotations, 'counts')) return [];
    if (annotations.counts !== 'write') return [`action ${name}: @counts must be "write", as in @counts("write")`];
    return Object.hasOwn(actionsOf(schema), name)
      ? []
      : [`action ${name}: @counts has an effect only on actions on Resource`];
  });
  return [...names, ...counts];
}

/** Returns a type without the names that the schema gives to types. */
function plain(schema: cedar.SchemaJson<string>, type: TypeOfSchema | undefined): TypeOfSchema | undefined {
  const named = type && (schema['']?.commonTypes?.[type.type] as TypeOfSchema | undefined);
  return named === undefined ? type : plain(schema, named);
}

/** Returns the type of a claim, or `undefined` for a type that a proof cannot provide. */
function claimType(schema: cedar.SchemaJson<string>, type: TypeOfSchema): ClaimType | undefined {
  const { type: name, element } = plain(schema, type) ?? type;
  if (name === 'Boolean') return 'Bool';
  if (name === 'String' || name === 'Long' || name === 'Bool') return name;
  return name === 'Set' && plain(schema, element)?.type === 'String' ? 'Set<String>' : undefined;
}

/** Attribute types that `workloads.yaml` and `resources.yaml` can express. No entity could have any other type. */
const ATTRIBUTE_TYPES = ['String', 'Long', 'Bool', 'Boolean'];

/** Entity types in requests. Policies that name other types are rejected, even if the schema declares those types. */
const ENTITY_TYPES = ['Workload', 'Trust', 'Resource', 'Role'];

function unsupportedTypes(schema: cedar.SchemaJson<string>): string[] {
  const namespace = schema[''];
  const isPlain = (type: TypeOfSchema): boolean => {
    const common = namespace?.commonTypes?.[type.type] as TypeOfSchema | undefined;
    return common === undefined ? ATTRIBUTE_TYPES.includes(type.type) : isPlain(common);
  };
  return ENTITY_TYPES.flatMap((name) => {
    const entity = namespace?.entityTypes[name] as EntityOfSchema | undefined;
    if (entity === undefined) return name === 'Trust' ? [] : [`must have an entity ${name}`];
    const trusts = name === 'Workload' && (entity.memberOfTypes ?? []).includes('Trust');
    const { claims, ...others } = entity.shape?.attributes ?? {};
    const attributes = Object.entries({ ...others, ...(claims && !trusts && { claims }) });
    const wrong = attributes.filter(
      ([, type]) => !isPlain(type) && !(type.element !== undefined && isPlain(type.element)),
    );
    const flaws = wrong.map(
      ([attribute]) => `${name}.${attribute} must be a String, a Long, a Bool or a Set of one of these types`,
    );
    if (trusts && claims !== undefined) flaws.push(...faultsOfClaims(schema, claims));
    return entity.tags === undefined ? flaws : [...flaws, `${name} must not have tags; declare attributes instead`];
  });
}

/** The memberships that files and proofs provide. */
const PARENTS = ['Resource in Resource', 'Workload in Trust'];

/** Reports claims that no trust entry can provide. They are optional, because no workload of AWS has claims. */
function faultsOfClaims(schema: cedar.SchemaJson<string>, claims: TypeOfSchema): string[] {
  const record = plain(schema, claims);
  if (record?.type !== 'Record' || claims.required !== false) {
    return ['Workload.claims must be an optional record, as in claims?: { repository_id?: String }'];
  }
  return Object.entries(record.attributes ?? {}).flatMap(([name, type]) => {
    const path = `Workload.claims.${name}`;
    if (!isClaimName(name)) return [`${path} must be a name of at most 64 letters, digits and _`];
    if (type.required !== false) return [`${path} must be optional, because a proof may lack the claim`];
    return claimType(schema, type) === undefined ? [`${path} must be a String, a Long, a Bool or a Set<String>`] : [];
  });
}

/** Reports declarations that no file and no request ever provides. A policy that relied on one would never match. */
function neverProvided(schema: cedar.SchemaJson<string>): string[] {
  const namespace = schema[''];
  const entities = (namespace?.entityTypes ?? {}) as Record<string, EntityOfSchema>;
  const ofEntities = ENTITY_TYPES.flatMap((name) =>
    (entities[name]?.memberOfTypes ?? [])
      .filter((type) => ENTITY_TYPES.includes(type) && !PARENTS.includes(`${name} in ${type}`))
      .map((type) => `${name} must not be in ${type}: no file defines which ${type} a ${name} is in`),
  );
  const ofRoles = (['Role', 'Trust'] as const).flatMap((name) =>
    Object.keys(entities[name]?.shape?.attributes ?? {}).map(
      (attribute) =>
        `${name}.${attribute} must not be declared: no file defines attributes of ${name === 'Role' ? 'roles' : 'trust entries'}`,
    ),
  );
  const actions = Object.entries((namespace?.actions ?? {}) as Record<string, ActionOfSchema>);
  const provided = [...Object.keys(actionsOf(schema)), 'assume'];
  const ofActions = actions.flatMap(([name, { memberOf }]) =>
    (memberOf ?? [])
      .filter(({ id }) => provided.includes(id))
      .map(({ id }) => `action ${name} must not be in ${id}; name each action in the policies that apply to it`),
  );
  const pathsIn = (type: TypeOfSchema, path: string): string[] => {
    const common = namespace?.commonTypes?.[type.type] as TypeOfSchema | undefined;
    if (common !== undefined) return pathsIn(common, path);
    return Object.entries(type.attributes ?? {}).flatMap(([name, member]) => {
      const inside = path === '' ? name : `${path}.${name}`;
      return [inside, ...pathsIn(member, inside)];
    });
  };
  const declared = actions.flatMap(([, { appliesTo }]) => (appliesTo?.context ? pathsIn(appliesTo.context, '') : []));
  const ofContext = [...new Set(declared)]
    .filter((path) => !CONTEXT_PATHS.has(path))
    .map((path) => `context.${path} must not be declared: no request has it`);
  return [...ofEntities, ...ofRoles, ...ofActions, ...ofContext];
}

interface TypeOfSchema {
  type: string;
  required?: boolean;
  attributes?: Record<string, TypeOfSchema>;
  element?: TypeOfSchema;
}

interface EntityOfSchema {
  shape?: TypeOfSchema;
  tags?: unknown;
  memberOfTypes?: string[];
}

interface ActionOfSchema {
  memberOf?: { id: string }[];
  appliesTo?: { context?: TypeOfSchema; resourceTypes?: string[] };
  annotations?: Record<string, string | null>;
}
