import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action } from '../contract/authorization-details.ts';
import type { Caller } from './identity.ts';
import type { PolicyBundle } from './policy-bundle.ts';

/** What policy may take into account besides who asks for what. */
export interface DecisionContext {
  audience: string;
  /** Of the token, in seconds. */
  lifetime: number;
  /** Milliseconds since the epoch. */
  time: number;
  /** IPv4 or IPv6 address. */
  sourceIp: string;
}

/** What policies may read of a request besides its principal, action and resource: attributes in the schema. */
const CONTEXT_FACTS = ['audience', 'lifetime', 'time', 'sourceIp', 'fields'] as const;
const PRINCIPAL_FACTS = ['account', 'kind', 'name', 'session'] as const;
export type Fact = (typeof CONTEXT_FACTS | typeof PRINCIPAL_FACTS)[number];
const ALL_FACTS: ReadonlySet<Fact> = new Set([...CONTEXT_FACTS, ...PRINCIPAL_FACTS]);

/**
 * The facts that a bundle's policies can read. The others need not be told to Cedar, for which reading the facts is
 * most of a decision's work.
 *
 * A policy reads an attribute only by its name, so a name that is nowhere in the text is read by none; where a text
 * could hide a name (an escape, or the context as a whole), all are.
 */
export function readableFacts({ policies }: PolicyBundle): ReadonlySet<Fact> {
  const text = Object.values(policies).join('\n');
  if (text.includes('\\') || /\bcontext\b(?!\s*[.[]|\s+has\b)/.test(text)) return ALL_FACTS;
  return new Set([...ALL_FACTS].filter((fact) => text.includes(fact)));
}

/**
 * One question to Cedar, in the terms of `policies/schema.cedarschema`.
 *
 * @param readable the facts to tell; all when absent
 */
export function authorizationRequest(
  caller: Caller,
  action: Action,
  location: string,
  fields: readonly string[] | undefined,
  context: DecisionContext,
  readable = ALL_FACTS,
): Pick<cedar.AuthorizationCall, 'principal' | 'action' | 'resource' | 'context' | 'entities'> {
  const principal = { type: 'Workload', id: caller.subject };
  const told: cedar.Context = {};
  if (readable.has('audience')) told.audience = context.audience;
  if (readable.has('lifetime')) told.lifetime = context.lifetime;
  if (readable.has('time')) told.time = extension('datetime', new Date(context.time).toISOString());
  if (readable.has('sourceIp')) told.sourceIp = extension('ip', context.sourceIp);
  if (readable.has('fields')) told.fields = { all: fields === undefined, names: [...(fields ?? [])] };
  const entities = withAncestors(location);
  const attrs: cedar.EntityJson['attrs'] = {};
  for (const fact of PRINCIPAL_FACTS) {
    const value = caller[fact];
    if (value !== undefined && readable.has(fact)) attrs[fact] = value;
  }
  // Cedar takes an entity that it was not told of for one without attributes and ancestors.
  if (Object.keys(attrs).length > 0) entities.push({ uid: principal, attrs, parents: [] });
  return {
    principal,
    action: { type: 'Action', id: action },
    resource: resource(location),
    context: told,
    entities,
  };
}

function resource(id: string): cedar.TypeAndId {
  return { type: 'Resource', id };
}

function extension(fn: string, arg: string): cedar.CedarValueJson {
  return { __extn: { fn, arg } };
}

/** `a/b/c` is in `a/b`, which is in `a`. */
function withAncestors(location: string): cedar.EntityJson[] {
  const entities: cedar.EntityJson[] = [];
  for (let id = location; ; ) {
    const slash = id.lastIndexOf('/');
    const parent = id.slice(0, Math.max(slash, 0));
    entities.push({ uid: resource(id), attrs: {}, parents: slash < 0 ? [] : [resource(parent)] });
    if (slash < 0) return entities;
    id = parent;
  }
}
