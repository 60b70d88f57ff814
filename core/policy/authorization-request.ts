import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action } from '@tvm/contract/authorization-details.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { Caller } from '../identity/caller.ts';
import type { Attributes, BundledPolicy, PolicyBundle } from './bundle.ts';
import type { RequestContext } from './request-context.ts';
import { attributesAt, placeResource } from './resource-tree.ts';

/** What policy may take into account besides who asks for what. */
export interface DecisionContext {
  audience: string;
  /** Of the token, in seconds, before any policy shortens it. */
  lifetime: number;
  /** Milliseconds since the epoch. */
  time: number;
  /** IPv4 or IPv6 address. */
  sourceIp: string;
  /** The VPC endpoint that the request came through. */
  vpcEndpoint?: string;
  /** What the caller did lately; told only where a policy reads it. */
  behaviour?: Behaviour;
}

/** What a caller did lately. */
export interface Behaviour {
  /** Tokens vended to it in the last minutes. */
  issued: number;
  /** Requests of it denied in the last minutes. */
  denied: number;
  /** Its tokens that have not expired; those that were revoked count until then. */
  active: number;
}

/** One thing that a caller may be allowed: an action on a location, or to take a role. */
export type Asked =
  | { action: Action; location: string; fields?: readonly string[] | undefined }
  | { action: 'assume'; role: string };

/** What some policies can read of a question: what of it Cedar is told. */
export interface Readable {
  /** The names of all attributes; `*` when it cannot be told which. */
  reads: ReadonlySet<string>;
  /** The entities that they read besides those that a request names, and all that these are in, by {@link entityName}. */
  entities: ReadonlyMap<string, cedar.EntityJson>;
}

/** One question to Cedar. */
export type Question = Pick<cedar.AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'>;

/** What is asked about, as policy scopes name it, with everything that it is in. */
export function scopesOf(bundle: PolicyBundle, asked: Asked): string[] {
  if (asked.action === 'assume') return [entityName('Role', asked.role)];
  return placeResource(bundle, asked.location).ancestry.map(({ location }) => entityName('Resource', location));
}

/** An entity as policies write it, `Resource::"orders-db"`. */
export function entityName(type: string, id: string): string {
  return `${type}::"${id}"`;
}

/** What policies can read. It is the same for every question, so it is made once for a set of policies. */
export function readableBy(
  bundle: Pick<PolicyBundle, 'workloads' | 'resources'>,
  policies: readonly Pick<BundledPolicy, 'reads' | 'readsOf'>[],
): Readable {
  const reads = new Set(policies.flatMap((policy) => policy.reads));
  const entities = new Map<string, cedar.EntityJson>();
  for (const { type, id } of policies.flatMap(({ readsOf = [] }) => readsOf)) {
    if (type === 'Workload') {
      const workload = parseWorkloadArn(id);
      if (workload === undefined) throw new Error('a workload of the policy bundle has no ARN');
      const attrs = readIn(attributesOf(bundle, workload), reads);
      entities.set(entityName(type, id), { uid: { type, id }, attrs, parents: [] });
    } else if (!entities.has(entityName(type, id))) {
      for (const { location, parents } of placeResource(bundle, id).ancestry) {
        const attrs = readIn(attributesAt(bundle, location), reads);
        entities.set(entityName(type, location), { uid: at(location), attrs, parents: parents.map(at) });
      }
    }
  }
  return { reads, entities };
}

/** A caller's attributes: what AWS authenticated, and what `workloads.yaml` says of it. */
export function attributesOf({ workloads }: Pick<PolicyBundle, 'workloads'>, caller: Caller): Attributes {
  const { account, kind, name, session, organization, subject } = caller;
  const configured = Object.hasOwn(workloads, subject) ? workloads[subject] : undefined;
  return {
    // What AWS says of it stands, whatever the file says.
    ...configured,
    account,
    kind,
    name,
    ...(session !== undefined && { session }),
    ...(organization !== undefined && { organization }),
  };
}

/**
 * One question to Cedar, in the terms of `policies/schema.cedarschema`.
 *
 * Only what the policies asked can read is told, for reading it is most of Cedar's work: a policy reads an attribute by
 * its name alone, and no entity but those that the request and its own text name.
 */
export function question(
  bundle: PolicyBundle,
  around: RequestContext,
  caller: Caller,
  asked: Asked,
  context: DecisionContext,
  { reads, entities: others }: Readable,
): Question {
  const read = (name: string) => reads.has('*') || reads.has(name);
  const principal = { type: 'Workload', id: caller.subject };
  const entities: cedar.EntityJson[] = [];
  const attrs = readIn(attributesOf(bundle, caller), reads);
  // Cedar takes an entity that it was not told of for one without attributes and ancestors.
  if (Object.keys(attrs).length > 0) entities.push({ uid: principal, attrs, parents: [] });
  const self = entityName('Workload', caller.subject);
  // Of the caller more is known than the bundle says.
  for (const [name, entity] of others) if (name !== self) entities.push(entity);

  let resource: cedar.TypeAndId;
  let fields: readonly string[] | undefined;
  if (asked.action === 'assume') {
    resource = { type: 'Role', id: asked.role };
  } else {
    resource = at(asked.location);
    fields = asked.fields;
    const { attributes, ancestry } = placeResource(bundle, asked.location);
    const own = readIn(attributes, reads);
    for (const { location, parents } of ancestry) {
      if (others.has(entityName('Resource', location))) continue;
      const attrs = location === asked.location ? own : {};
      entities.push({ uid: at(location), attrs, parents: parents.map(at) });
    }
  }
  return {
    principal,
    action: { type: 'Action', id: asked.action },
    resource,
    context: contextOf(around, context, fields, read),
    entities,
  };
}

function readIn(attributes: Attributes, reads: ReadonlySet<string>): Attributes {
  if (reads.has('*')) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => reads.has(name)));
}

/** Every path that {@link contextOf} can tell: a schema that declares another attribute has one that no request has. */
export const CONTEXT_PATHS: ReadonlySet<string> = new Set([
  ...['audience', 'lifetime', 'time', 'windows', 'sourceIp', 'vpcEndpoint', 'networks', 'region'],
  ...['local', 'local.weekday', 'local.hour', 'local.minute'],
  ...['fields', 'fields.all', 'fields.names'],
  ...['behaviour', 'behaviour.issued', 'behaviour.denied', 'behaviour.active'],
]);

function contextOf(
  around: RequestContext,
  { audience, lifetime, time, sourceIp, vpcEndpoint, behaviour }: DecisionContext,
  fields: readonly string[] | undefined,
  read: (name: string) => boolean,
): cedar.Context {
  const told: cedar.Context = {};
  if (read('audience')) told.audience = audience;
  if (read('lifetime')) told.lifetime = lifetime;
  if (read('time')) told.time = extension('datetime', new Date(time).toISOString());
  if (read('local')) {
    const { weekday, minutes } = around.localTime(time);
    told.local = { weekday, hour: Math.floor(minutes / 60), minute: minutes % 60 };
  }
  if (read('windows')) told.windows = around.openWindows(time);
  if (read('sourceIp')) told.sourceIp = extension('ip', sourceIp);
  if (read('vpcEndpoint') && vpcEndpoint !== undefined) told.vpcEndpoint = vpcEndpoint;
  if (read('networks') || read('region')) {
    const networks = around.networksOf(sourceIp);
    const region = around.regionOf(networks);
    told.networks = networks;
    if (region !== undefined) told.region = region;
  }
  if (read('fields')) told.fields = { all: fields === undefined, names: [...(fields ?? [])] };
  if (read('behaviour') && behaviour !== undefined) told.behaviour = { ...behaviour };
  return told;
}

function at(id: string): cedar.TypeAndId {
  return { type: 'Resource', id };
}

function extension(fn: string, arg: string): cedar.CedarValueJson {
  return { __extn: { fn, arg } };
}
