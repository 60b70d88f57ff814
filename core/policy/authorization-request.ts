import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action } from '@tvm/contract/authorization-details.ts';
import { parseSubject } from '@tvm/contract/subject.ts';
import { attributesBySource, type PrincipalAttributes, type Workload } from '../identity/attributes.ts';
import type { Caller } from '../identity/caller.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import type { RequestContext } from './request-context.ts';
import { attributesAt, locateResource } from './resource-tree.ts';

/** The circumstances of an authorization request: everything besides the caller, the action and the resource. */
export interface DecisionContext {
  audience: string;
  /** Lifetime of the requested token in seconds, before any policy shortens it. */
  lifetime: number;
  /** Milliseconds since the epoch. */
  time: number;
  /** IPv4 or IPv6 address. */
  sourceIp: string;
  /** ID of the VPC endpoint that the request came through. */
  vpcEndpoint?: string;
  /** The caller's recent activity. Present only if a policy reads it. */
  behaviour?: Behaviour;
}

/** A caller's recent activity, as counters. */
export interface Behaviour {
  /** Tokens issued to the caller in the last minutes. */
  issued: number;
  /** Denied requests of the caller in the last minutes. */
  denied: number;
  /** The caller's tokens that have not expired, including revoked ones. */
  active: number;
}

/** One requested item, allowed or denied as a unit: an action on a location, or assuming a role. */
export type RequestedItem =
  | { action: Action; location: string; fields?: readonly string[] | undefined; role?: never }
  | { action: 'assume'; role: string };

/** The part of an authorization request that a set of policies can read. Only this part is sent to Cedar. */
export interface Readable {
  /** Names of all attributes that the policies read; `*` if they cannot be determined. */
  reads: ReadonlySet<string>;
  /** Entities that the policies name and read, and the ancestors of these entities, by {@link entityName}. */
  entities: ReadonlyMap<string, cedar.EntityJson>;
}

/** One authorization request to Cedar, without the policies. */
export type CedarRequest = Pick<cedar.AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'>;

/** Names of the requested entity and all its ancestors, as policy scopes write them. */
export function scopesOf(bundle: PolicyBundle, item: RequestedItem): string[] {
  if (item.role !== undefined) return [entityName('Role', item.role)];
  return locateResource(bundle, item.location).ancestry.map(({ location }) => entityName('Resource', location));
}

/** Names of a workload and of the trust entry that it is in, if any, as policy scopes write them. */
export function principalScopesOf(workload: Workload): string[] {
  return [entityName('Workload', workload.subject), ...trustOf(workload).map(({ type, id }) => entityName(type, id))];
}

/** The workload or trust entry that a policy's scope names, as policies write it; `undefined` for any. */
export function principalScopeOf({ principal, trust }: Pick<BundledPolicy, 'principal' | 'trust'>): string | undefined {
  if (trust !== undefined) return entityName('Trust', trust);
  return principal === undefined ? undefined : entityName('Workload', principal);
}

/** The trust entry that a workload is in: none for an AWS workload. */
function trustOf(workload: Workload): cedar.TypeAndId[] {
  return workload.kind === 'federated' ? [{ type: 'Trust', id: workload.trust }] : [];
}

/** An entity as policies write it, for example `Resource::"orders-db"`. */
export function entityName(type: string, id: string): string {
  return `${type}::"${id}"`;
}

/** Determines what a set of policies can read. The result does not depend on the request, so compute it once. */
export function readableBy(
  bundle: Pick<PolicyBundle, 'workloads' | 'resources'>,
  policies: readonly Pick<BundledPolicy, 'reads' | 'readsOf'>[],
): Readable {
  const reads = new Set(policies.flatMap((policy) => policy.reads));
  const entities = new Map<string, cedar.EntityJson>();
  for (const { type, id } of policies.flatMap(({ readsOf = [] }) => readsOf)) {
    if (type === 'Workload') {
      const workload = parseSubject(id);
      if (workload === undefined) throw new Error('a workload of the policy bundle has no subject');
      const attrs = readIn(attributesOf(bundle, workload), reads);
      entities.set(entityName(type, id), { uid: { type, id }, attrs, parents: trustOf(workload) });
    } else if (!entities.has(entityName(type, id))) {
      for (const { location, parents } of locateResource(bundle, id).ancestry) {
        const attrs = readIn(attributesAt(bundle, location), reads);
        entities.set(entityName(type, location), { uid: at(location), attrs, parents: parents.map(at) });
      }
    }
  }
  return { reads, entities };
}

/** A workload's attributes as Cedar gets them. Claims are apart, so that none can pass as an attribute of the operator. */
export function attributesOf(bundle: Pick<PolicyBundle, 'workloads'>, workload: Workload): PrincipalAttributes {
  const { operator, aws, claims, chosen } = attributesBySource(bundle, workload);
  // Attributes that AWS authenticated override those from the file.
  return { ...operator, ...aws, ...chosen, ...(claims && { claims }) };
}

/**
 * Builds one authorization request to Cedar, in the terms of `policies/schema.cedarschema`.
 *
 * Parsing the request is most of Cedar's work, so the request contains only the attributes and entities that the
 * policies can read. A policy can read an attribute only by name, and an entity only if the request or the policy
 * names the entity.
 */
export function cedarRequest(
  bundle: PolicyBundle,
  requestContext: RequestContext,
  caller: Caller,
  item: RequestedItem,
  context: DecisionContext,
  { reads, entities: others }: Readable,
): CedarRequest {
  const read = (name: string) => reads.has('*') || reads.has(name);
  const principal = { type: 'Workload', id: caller.subject };
  const entities: cedar.EntityJson[] = [];
  const attrs = readIn(attributesOf(bundle, caller), reads);
  const parents = trustOf(caller);
  // Cedar treats a missing entity as an entity without attributes and ancestors.
  if (Object.keys(attrs).length > 0 || parents.length > 0) entities.push({ uid: principal, attrs, parents });
  const self = entityName('Workload', caller.subject);
  // Skip the bundle's entity for the caller: it lacks the attributes that AWS authenticated.
  for (const [name, entity] of others) if (name !== self) entities.push(entity);

  let resource: cedar.TypeAndId;
  let fields: readonly string[] | undefined;
  if (item.role !== undefined) {
    resource = { type: 'Role', id: item.role };
  } else {
    resource = at(item.location);
    fields = item.fields;
    const { attributes, ancestry } = locateResource(bundle, item.location);
    const own = readIn(attributes, reads);
    for (const { location, parents } of ancestry) {
      if (others.has(entityName('Resource', location))) continue;
      const attrs = location === item.location ? own : {};
      entities.push({ uid: at(location), attrs, parents: parents.map(at) });
    }
  }
  return {
    principal,
    action: { type: 'Action', id: item.action },
    resource,
    context: contextOf(requestContext, context, fields, read),
    entities,
  };
}

function readIn(attributes: PrincipalAttributes, reads: ReadonlySet<string>): PrincipalAttributes {
  if (reads.has('*')) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => reads.has(name)));
}

/** Every path that {@link contextOf} can set. No request has any other attribute that a schema may declare. */
export const CONTEXT_PATHS: ReadonlySet<string> = new Set([
  ...['audience', 'lifetime', 'time', 'windows', 'sourceIp', 'vpcEndpoint', 'networks', 'region'],
  ...['local', 'local.weekday', 'local.hour', 'local.minute'],
  ...['fields', 'fields.all', 'fields.names'],
  ...['behaviour', 'behaviour.issued', 'behaviour.denied', 'behaviour.active'],
]);

function contextOf(
  requestContext: RequestContext,
  { audience, lifetime, time, sourceIp, vpcEndpoint, behaviour }: DecisionContext,
  fields: readonly string[] | undefined,
  read: (name: string) => boolean,
): cedar.Context {
  const context: cedar.Context = {};
  if (read('audience')) context.audience = audience;
  if (read('lifetime')) context.lifetime = lifetime;
  if (read('time')) context.time = extension('datetime', new Date(time).toISOString());
  if (read('local')) {
    const { weekday, minutes } = requestContext.localTime(time);
    context.local = { weekday, hour: Math.floor(minutes / 60), minute: minutes % 60 };
  }
  if (read('windows')) context.windows = requestContext.openWindows(time);
  if (read('sourceIp')) context.sourceIp = extension('ip', sourceIp);
  if (read('vpcEndpoint') && vpcEndpoint !== undefined) context.vpcEndpoint = vpcEndpoint;
  if (read('networks') || read('region')) {
    const networks = requestContext.networksOf(sourceIp);
    const region = requestContext.regionOf(networks);
    context.networks = networks;
    if (region !== undefined) context.region = region;
  }
  if (read('fields')) context.fields = { all: fields === undefined, names: [...(fields ?? [])] };
  if (read('behaviour') && behaviour !== undefined) context.behaviour = { ...behaviour };
  return context;
}

function at(id: string): cedar.TypeAndId {
  return { type: 'Resource', id };
}

function extension(fn: string, arg: string): cedar.CedarValueJson {
  return { __extn: { fn, arg } };
}
