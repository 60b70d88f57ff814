import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { location } from '@tvm/contract/authorization-details.ts';
import { parseDuration } from '@tvm/contract/duration.ts';
import { exactSubject, isArn, parseFederatedSubject, parseSubject, trustName } from '@tvm/contract/subject.ts';
import type { TrustEntries } from '../federation/trust-entry.ts';
import { attributesOf, entityName } from './authorization-request.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import { describe, readCedarFile, type WrittenPolicy } from './cedar-file.ts';
import { networksFile, resourcesFile, rolesFile, windowsFile, workloadsFile } from './data-files.ts';
import { type Flaw, PolicyError, type PolicyFile } from './flaw.ts';
import { readObligations } from './obligations.ts';
import { reachesOutsiders } from './outsiders.ts';
import { type PolicyFacts, policyFacts, scopeEntity } from './policy-facts.ts';
import { readTrust } from './read-trust.ts';
import { directParents, locateResource } from './resource-tree.ts';
import { parsePlaceholder, placeholdersIn } from './roles.ts';
import { type PolicySchema, readSchema } from './schema-file.ts';
import { readYamlFile } from './yaml-file.ts';

/** Maximum size of a policy file in bytes of UTF-8. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Maximum number of entities that one policy adds to every request to Cedar. Each entity costs microseconds. */
const MAX_ENTITIES = 200;

/** The contents of a policy directory, as far as its files can be read. */
export interface ReadPolicies {
  /** Present if there are no flaws. */
  bundle: PolicyBundle | undefined;
  /** Everything that could be read despite flaws. A file with flaws contributes its valid parts, or nothing. */
  content: Omit<PolicyBundle, 'hash'>;
  /** Policies and their positions in the files, by `@id`. */
  written: Map<string, WrittenPolicy>;
  flaws: Flaw[];
}

/**
 * Builds the policy bundle from the files of a policy directory.
 *
 * @param partition the AWS partition of the service, for example `aws-cn`, if known
 * @throws {PolicyError} naming every flaw
 */
export function buildPolicyBundle(files: readonly PolicyFile[], partition?: string): PolicyBundle {
  const { bundle, flaws } = readPolicies(files, partition);
  if (bundle === undefined) throw new PolicyError(flaws);
  return bundle;
}

/**
 * Reads the files of a policy directory: `schema.cedarschema`, `*.cedar` including `ceiling.cedar`, and the optional
 * files `roles.yaml`, `workloads.yaml`, `resources.yaml`, `networks.yaml`, `windows.yaml` and `trust.yaml` with its key sets.
 * If a file has a flaw, no bundle is built, but the other files are still read.
 *
 * @see https://docs.cedarpolicy.com/policies/validation.html
 */
export function readPolicies(files: readonly PolicyFile[], partition?: string): ReadPolicies {
  const flaws: Flaw[] = [];
  const readable = files.filter((file) => {
    const bytes = Buffer.byteLength(file.text);
    if (bytes > MAX_BYTES) {
      const message = `has ${bytes} bytes; a policy file may have at most ${MAX_BYTES}`;
      flaws.push({ rule: 'policy/too-large', file: file.name, line: 1, message });
    }
    return bytes <= MAX_BYTES;
  });
  const find = (name: string): PolicyFile =>
    readable.find((file) => posix.basename(file.name) === name) ?? { name: inFolderOf(files, name), text: '' };
  const data = readDataFiles(find, flaws);
  flaws.push(...unknownFiles(readable));

  const schemaFile = find('schema.cedarschema');
  const schema = readSchema(schemaFile, flaws);
  const trust = readTrust(find, data, schema, flaws);
  flaws.push(...cycles(data.resources, data.lineOfResource, find('resources.yaml').name));
  if (schema !== undefined) {
    flaws.push(...attributeFlaws(schema.text, data), ...undeclared(data, schema, find('roles.yaml').name));
  }

  const written = new Map<string, WrittenPolicy>();
  const policies: Record<string, BundledPolicy> = {};
  for (const file of readable.filter((file) => file.name.endsWith('.cedar'))) {
    const read = readCedarFile(file);
    flaws.push(...read.flaws);
    for (const policy of read.policies) {
      const flaw = (rule: Flaw['rule'], message: string) =>
        flaws.push({ rule, file: policy.file, line: policy.line, message });
      const id = policy.json.annotations?.id ?? '';
      const other = written.get(id);
      if (!/^[A-Za-z0-9][\w.-]{0,127}$/.test(id)) {
        flaw(
          'policy/id',
          `the policy must have an @id("…") of letters, digits and _.-, as in @id("reports-read-orders")`,
        );
        continue;
      }
      if (other !== undefined) {
        flaw(
          'policy/id',
          `the @id "${id}" is already used by the policy at ${other.file}:${other.line}; ids must be unique`,
        );
        continue;
      }
      written.set(id, policy);
      policies[id] = bundled(id, policy, { ...data, trust }, (schema ?? NO_SCHEMA).actions, flaw);
      if (schema?.trusts && policy.json.effect === 'permit' && reachesOutsiders(policy.json)) {
        flaw('policy/any-trust', `"${id}" permits federated workloads of every trust entry; ${NAME_THE_ENTRY}`);
      }
    }
  }
  if (schema !== undefined) flaws.push(...validate(schema.text, written));
  if (partition !== undefined) flaws.push(...ofOtherPartitions(partition, data, Object.values(policies)));

  const { roles, workloads, resources, networks, windows, timeZone } = data;
  const { claims, actions } = schema ?? NO_SCHEMA;
  const content = {
    policies,
    roles,
    workloads,
    resources,
    networks,
    windows,
    timeZone,
    actions,
    ...(Object.keys(trust).length > 0 && { trust }),
    ...(Object.keys(claims).length > 0 && { claims }),
  };
  const bundle = flaws.length === 0 ? { hash: hashOf(content), ...content } : undefined;
  return { bundle, content, written, flaws };
}

/** What is known without a valid schema. */
const NO_SCHEMA: Pick<PolicySchema, 'claims' | 'actions'> = { claims: {}, actions: { read: 'read', write: 'write' } };

const NAME_THE_ENTRY =
  'name the workload, its trust entry (principal in Trust::"github"), or an attribute that AWS or workloads.yaml gives it';

/** Converts a policy to its bundled form. Reports a flaw for every name in the policy that does not exist. */
function bundled(
  id: string,
  { text, file, line, json }: WrittenPolicy,
  data: DataFiles & { trust: TrustEntries },
  actions: PolicyBundle['actions'],
  flaw: (rule: Flaw['rule'], message: string) => void,
): BundledPolicy {
  const facts = policyFacts(json);
  const ceiling = posix.basename(file) === 'ceiling.cedar';
  if (ceiling && json.effect === 'permit') {
    flaw('policy/ceiling-permits', `"${id}" is a permit policy; ceiling.cedar may contain only forbid policies`);
  }
  const unknown = (message: string) => flaw('policy/unknown-name', `"${id}" names ${message}`);
  // Policies may be written before the trust entries are.
  const isEntry = (name: string) => Object.keys(data.trust).length === 0 || Object.hasOwn(data.trust, name);
  for (const id of facts.named.Workload) {
    const [issue] = exactSubject.safeParse(id).error?.issues ?? [];
    const entry = parseFederatedSubject(id)?.trust;
    if (issue !== undefined) unknown(`Workload::"${id}": ${issue.message}`);
    else if (entry !== undefined && !isEntry(entry))
      unknown(`Workload::"${id}" of a trust entry that is not in trust.yaml`);
  }
  for (const entry of facts.named.Trust) {
    const [issue] = trustName.safeParse(entry).error?.issues ?? [];
    if (issue !== undefined) unknown(`Trust::"${entry}": ${issue.message}`);
    else if (!isEntry(entry)) unknown(`a trust entry that is not in trust.yaml: "${entry}"`);
  }
  for (const place of facts.named.Resource) {
    if (!location.safeParse(place).success || place.endsWith('/*')) {
      unknown(
        `Resource::"${place}": must be an exact location such as orders-db/orders; it includes all locations below it`,
      );
    }
  }
  const provided = [...Object.keys(actions), 'assume'];
  const otherActions = facts.named.Action.filter((name) => !provided.includes(name)).map((name) => `Action::"${name}"`);
  for (const other of [...facts.namedOthers, ...otherActions]) {
    flaw(
      'policy/unsupported',
      `"${id}" names ${other}, which no request contains; a policy may name only a Workload, a Trust, a Resource, a Role and the actions ${provided.slice(0, -1).join(', ')} and assume`,
    );
  }
  const known = { Role: data.roles, networks: data.networks, windows: data.windows };
  const looksFor = { Role: facts.named.Role, ...facts.looksFor };
  for (const kind of ['Role', 'networks', 'windows'] as const) {
    for (const name of looksFor[kind]) {
      const [what, from] = KINDS[kind];
      if (!Object.hasOwn(known[kind], name)) unknown(`a ${what} that is not in ${from}: "${name}"`);
    }
  }
  for (const other of facts.unsupported) {
    const message = `"${id}" reads ${other}; a policy can read attributes of principal, resource and context, and of the resources and workloads that it names`;
    flaw('policy/unsupported', message);
  }
  const added = addedEntities(facts, data);
  if (added === undefined) {
    const message = `"${id}" reads too many of the entities that it names: including their ancestors, there may be at most ${MAX_ENTITIES}; split the policy`;
    flaw('policy/too-large', message);
  }
  const { obligations, flaws } = readObligations(json.annotations ?? {}, json.effect, {
    networks: new Set(Object.keys(data.networks)),
    windows: new Set(Object.keys(data.windows)),
    seconds: parseDuration,
  });
  for (const message of flaws) flaw('policy/annotation', `"${id}": ${message}`);
  const principal = scopeEntity(json.principal);
  const resource = scopeEntity(json.resource);
  return {
    text,
    file,
    line,
    effect: json.effect,
    ceiling,
    ...(principal && (principal.type === 'Trust' ? { trust: principal.id } : { principal: principal.id })),
    ...(resource && { resource: entityName(resource.type, resource.id) }),
    reads: facts.reads,
    locations: facts.named.Resource,
    ...added,
    workloads: facts.named.Workload,
    audiences: facts.audiences,
    obligations,
  };
}

/** The entities that a policy adds to every request to Cedar; `undefined` if they exceed the maximum. */
function addedEntities(
  { readsOf, soughtInResource }: PolicyFacts,
  data: DataFiles,
): Pick<BundledPolicy, 'readsOf' | 'soughtInResource'> | undefined {
  const added = new Set(readsOf.Workload);
  for (const location of readsOf.Resource) {
    if (added.size > MAX_ENTITIES) return undefined;
    for (const above of locateResource(data, location).ancestry) added.add(above.location);
  }
  if (added.size > MAX_ENTITIES) return undefined;
  const named = (['Workload', 'Resource'] as const).flatMap((type) => readsOf[type].map((id) => ({ type, id })));
  return {
    ...(named.length > 0 && { readsOf: named }),
    ...(soughtInResource.length > 0 && { soughtInResource }),
  };
}

/** Reports workloads of other partitions. They cannot call the service, so a policy that names them never matches. */
function ofOtherPartitions(partition: string, data: DataFiles, policies: readonly BundledPolicy[]): Flaw[] {
  const report = (rule: Flaw['rule'], arns: readonly string[], place: (arn: string) => Pick<Flaw, 'file' | 'line'>) =>
    arns
      .filter((id) => isArn(id) && !id.startsWith(`arn:${partition}:`))
      .map((arn) => ({
        rule,
        ...place(arn),
        message: `${arn} must be in the partition ${partition}, as the service is`,
      }));
  return [
    ...report('policy/data-file', Object.keys(data.workloads), (arn) => ({
      file: data.files.workloads,
      line: data.lineOfWorkload(arn),
    })),
    ...policies.flatMap(({ workloads, file, line }) =>
      report('policy/unknown-name', workloads, () => ({ file, line })),
    ),
  ];
}

const KINDS = {
  Role: ['role', 'roles.yaml'],
  networks: ['network', 'networks.yaml'],
  windows: ['window', 'windows.yaml'],
} as const;

type DataFiles = ReturnType<typeof readDataFiles>;

function readDataFiles(find: (name: string) => PolicyFile, flaws: Flaw[]) {
  const roles = readYamlFile(rolesFile, find('roles.yaml'));
  const workloads = readYamlFile(workloadsFile, find('workloads.yaml'));
  const resources = readYamlFile(resourcesFile, find('resources.yaml'));
  const networks = readYamlFile(networksFile, find('networks.yaml'));
  const windows = readYamlFile(windowsFile, find('windows.yaml'));
  for (const file of [roles, workloads, resources, networks, windows]) flaws.push(...file.flaws);
  return {
    roles: roles.value ?? {},
    workloads: workloads.value ?? {},
    resources: Object.fromEntries(
      Object.entries(resources.value ?? {}).map(([place, { in: others = [], ...attributes }]) => [
        place,
        { attributes: attributes as PolicyBundle['workloads'][string], in: others },
      ]),
    ),
    networks: networks.value ?? {},
    windows: windows.value?.windows ?? {},
    timeZone: windows.value?.timeZone ?? 'UTC',
    lineOfRole: (name: string) => roles.lineOf([name]),
    lineOfWorkload: (arn: string) => workloads.lineOf([arn]),
    lineOfResource: (place: string) => resources.lineOf([place]),
    files: { workloads: find('workloads.yaml').name, resources: find('resources.yaml').name },
  };
}

/** Reports claims and actions in roles that the schema does not declare. Nobody could ever assume such a role. */
function undeclared({ roles, lineOfRole }: DataFiles, { claims, actions }: PolicySchema, file: string): Flaw[] {
  return Object.entries(roles).flatMap(([role, { authorizationDetails }]) => {
    const names = new Set(authorizationDetails.flatMap((detail) => detail.actions));
    const unknown = [...names].filter((name) => !Object.hasOwn(actions, name));
    const ofActions = unknown.map((name): Flaw => {
      const message = `${role} must not name the action ${name}: schema.cedarschema declares no such action on Resource`;
      return { rule: 'policy/data-file', file, line: lineOfRole(role), message };
    });
    const placeholders = authorizationDetails.flatMap(({ locations }) => locations.flatMap(placeholdersIn));
    const ofClaims = [...new Set(placeholders)].flatMap((placeholder): Flaw[] => {
      const { of, name } = parsePlaceholder(placeholder) ?? {};
      if (of !== 'claims' || name === undefined || Object.hasOwn(claims, name)) return [];
      const message = `${role} must not contain {${placeholder}}: schema.cedarschema declares no Workload.claims.${name}`;
      return [{ rule: 'policy/data-file', file, line: lineOfRole(role), message }];
    });
    return [...ofActions, ...ofClaims];
  });
}

const DATA_FILES = ['roles.yaml', 'workloads.yaml', 'resources.yaml', 'networks.yaml', 'windows.yaml', 'trust.yaml'];

/** Reports YAML files with unknown names. Because of a typo in the name, a file would be ignored without notice. */
function unknownFiles(files: readonly PolicyFile[]): Flaw[] {
  return files
    .filter((file) => /\.ya?ml$/.test(file.name) && !file.name.endsWith('.test.yaml'))
    .filter((file) => !DATA_FILES.includes(posix.basename(file.name)))
    .map(({ name }) => {
      const message = `is not a file of a policy directory; its YAML files are ${DATA_FILES.join(', ')} and *.test.yaml`;
      return { rule: 'policy/data-file', file: name, line: 1, message };
    });
}

/** Reports attributes that the schema does not declare or declares with another type. */
function attributeFlaws(schema: string, data: DataFiles): Flaw[] {
  const asEntities = [
    ...Object.entries(data.workloads).map(([arn, attrs]) => {
      const uid = { type: 'Workload', id: arn };
      const place = { file: data.files.workloads, line: data.lineOfWorkload(arn) };
      const workload = parseSubject(arn);
      const known = workload === undefined ? attrs : attributesOf(data, workload);
      return { ...place, entity: { uid, attrs: known, parents: [] } };
    }),
    ...Object.entries(data.resources).map(([location, { attributes }]) => {
      const uid = { type: 'Resource', id: location };
      const place = { file: data.files.resources, line: data.lineOfResource(location) };
      return { ...place, entity: { uid, attrs: attributes, parents: [] } };
    }),
  ];
  // Most files are valid. Check all entities in one call, and one by one only to locate an error.
  const all = cedar.checkParseEntities({ entities: asEntities.map(({ entity }) => entity), schema });
  if (all.type === 'success') return [];
  return asEntities.flatMap(({ entity, file, line }) => {
    const checked = cedar.checkParseEntities({ entities: [entity], schema });
    if (checked.type === 'success') return [];
    return checked.errors.map((error) => ({ rule: 'policy/data-file' as const, file, line, message: describe(error) }));
  });
}

function validate(schema: string, written: ReadonlyMap<string, WrittenPolicy>): Flaw[] {
  const staticPolicies = Object.fromEntries([...written].map(([id, { text }]) => [id, text]));
  const answer = cedar.validate({ schema, policies: { staticPolicies } });
  if (answer.type === 'failure') throw new Error('Cedar cannot validate policies that it has parsed');
  // Treat warnings as errors: a policy that can never apply is a mistake. Report one error per policy, not per action.
  const errors = [...answer.validationErrors, ...answer.validationWarnings];
  return [...new Map(errors.map(({ policyId, error }) => [policyId, error]))].map(([id, error]) => {
    const { file = '', line = 1 } = written.get(id) ?? {};
    return { rule: 'policy/schema', file, line, message: describe(error) };
  });
}

/** Reports cycles among resources, each cycle once. */
function cycles(resources: PolicyBundle['resources'], lineOf: (place: string) => number, file: string): Flaw[] {
  const flaws: Flaw[] = [];
  const done = new Set<string>();
  for (const start of Object.keys(resources)) {
    // The path from the start; `ahead` lists the parents not visited yet. Not recursive, because a path may be long.
    const path: { place: string; ahead: string[] }[] = [{ place: start, ahead: directParents(resources, start) }];
    const on = new Set([start]);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = done.has(last.place) ? undefined : last.ahead.pop();
      if (next === undefined) {
        done.add(last.place);
        on.delete(last.place);
        path.pop();
      } else if (on.has(next)) {
        const cycle = path.slice(path.findIndex(({ place }) => place === next)).map(({ place }) => place);
        const message = `forms a cycle: ${[...cycle, next].join(' is in ')}`;
        flaws.push({ rule: 'policy/resource-cycle', file, line: lineOf(next), message });
      } else {
        on.add(next);
        path.push({ place: next, ahead: directParents(resources, next) });
      }
    }
  }
  return flaws;
}

/** Hashes the content of a bundle. The hash does not depend on how policies are distributed over files. */
function hashOf({ policies, ...rest }: Omit<PolicyBundle, 'hash'>): string {
  const texts = Object.fromEntries(Object.entries(policies).map(([id, { text, ceiling }]) => [id, { text, ceiling }]));
  return createHash('sha256')
    .update(JSON.stringify(sorted({ policies: texts, ...rest })))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/** The path that a missing file would have. */
function inFolderOf(files: readonly PolicyFile[], name: string): string {
  return posix.join(posix.dirname(files[0]?.name ?? ''), name);
}
