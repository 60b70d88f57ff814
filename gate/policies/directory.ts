import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { ReadPolicies } from '@tvm/core/policy/build-bundle.ts';
import { type BundledPolicy, countsAsWrite } from '@tvm/core/policy/bundle.ts';
import type { WrittenPolicy } from '@tvm/core/policy/cedar-file.ts';
import { operation, type Two } from '@tvm/core/policy/expression.ts';
import {
  holds,
  type Named,
  resolved,
  type Situation,
  type Thing,
  type Value,
} from '@tvm/core/policy/partial-evaluation.ts';
import { policyFacts, scopeEntity } from '@tvm/core/policy/policy-facts.ts';
import { locateResource } from '@tvm/core/policy/resource-tree.ts';
import { distinguishedLocations } from '@tvm/core/policy/subtree.ts';
import { conjunctsOf } from './conditions.ts';
import type { Content } from './content.ts';
import { ANY_WORKLOAD, anyResource, anyWorkloadOf, assumptions, namedIn, place, role, workload } from './situation.ts';

/** A policy as the rules see it. */
export interface PolicyView {
  id: string;
  written: WrittenPolicy;
  bundled: BundledPolicy;
  /** The workload that its scope or a condition names; absent for any. */
  principal?: string;
  /** The trust entry that its scope or a condition names; absent for any. */
  trust?: string;
  /** The entity that its scope or a condition names. */
  resource?: { type: string; id: string; below: boolean };
  /** The type of its resource, if the scope names one. */
  resourceType?: 'Resource' | 'Role';
  /** Whether its scope allows any action. */
  anyAction: boolean;
  /** The actions to which it can apply. */
  actions: ReadonlySet<string>;
  /** Those of the actions that count as a write. */
  writes: readonly string[];
  /** The conditions that must all be true, besides the scope. Resolved, in the order of the source. */
  conjuncts: readonly cedar.Expr[];
  /** The values of attributes that its conditions require. */
  assumed: ReadonlyMap<string, Value>;
  /** The names of the attributes and entities in its conditions. */
  facts: ReturnType<typeof policyFacts>;
}

/** A policy directory, prepared for the rules. */
export interface PolicyDirectory {
  content: Content;
  /** Whether the directory has a `ceiling.cedar`. */
  hasCeiling: boolean;
  policies: readonly PolicyView[];
  /** Returns the locations of `resources.yaml` in a location, except the location itself. */
  placesIn(location: string): readonly string[];
  /**
   * Returns the locations to which a policy can apply: those in its resource that the policy, a `forbid` or
   * `resources.yaml` distinguishes, and an unnamed location below each. If the policy names no resource: all locations.
   */
  placesOf(policy: PolicyView): readonly Thing[];
  /** Returns the principal of a policy, as far as it is known. */
  principalOf(policy: PolicyView): Thing;
  /** Reports whether a policy matches; `undefined` if that depends on the request. */
  matches(policy: PolicyView, situation: Situation): boolean | undefined;
  /** Reports whether all conditions are true; `undefined` if that depends on the request. */
  holds(conditions: readonly cedar.Expr[], situation: Situation): boolean | undefined;
  /** Returns a `forbid` that always matches in a situation. */
  forbidding(situation: Situation): PolicyView | undefined;
  /** Returns the policies with an effect whose scopes can match a resource. */
  about(effect: BundledPolicy['effect'], resource: { type: string; id: string }): readonly PolicyView[];
}

/** @param hasCeiling whether the directory has a `ceiling.cedar` */
export function policyDirectory(
  { content, written }: Pick<ReadPolicies, 'content' | 'written'>,
  hasCeiling = false,
): PolicyDirectory {
  const named = namedIn(content);
  const policies = [...written].flatMap(([id, policy]) => {
    const bundled = content.policies[id];
    return bundled === undefined ? [] : [view(id, policy, bundled, named, content)];
  });

  const inside = locationsByHolder(content, Object.keys(content.resources));
  const placesOf = placesByPolicy(content, policies);

  const byResource = new Map<string, PolicyView[]>();
  for (const policy of policies) {
    const name = bucket(policy.bundled.effect, policy.resource);
    const known = byResource.get(name);
    if (known === undefined) byResource.set(name, [policy]);
    else known.push(policy);
  }
  const about: PolicyDirectory['about'] = (effect, resource) => {
    const names =
      resource.type === 'Resource'
        ? locateResource(content, resource.id).ancestry.map(({ location }) => ({ type: 'Resource', id: location }))
        : [resource];
    return [...names, undefined].flatMap((name) => byResource.get(bucket(effect, name)) ?? []);
  };

  function matches(policy: PolicyView, situation: Situation): boolean | undefined {
    const { principal, resource, action } = situation;
    const { principal: mine, trust } = policy.bundled;
    // As in the service, the ceiling’s policies about `write` apply to every action that counts as a write.
    const asWrite = policy.bundled.ceiling && action !== undefined && countsAsWrite(content, action);
    const applied = asWrite && action !== undefined && !policy.actions.has(action) ? 'write' : action;
    if (applied !== undefined && !policy.actions.has(applied)) return false;
    if (mine !== undefined && principal.id !== undefined && principal.id !== mine) return false;
    const inTrust = trust === undefined ? true : principal.isIn({ type: 'Trust', id: trust });
    if (inTrust === false) return false;
    if (policy.resourceType !== undefined && resource.type !== undefined && policy.resourceType !== resource.type) {
      return false;
    }
    const inScope = policy.resource === undefined ? true : covers(policy.resource, resource);
    if (inScope === false) return false;
    const isMine = mine === undefined || principal.id !== undefined;
    const told = action !== undefined && isMine && inTrust === true && inScope === true;
    const conditions = holds(policy.conjuncts, { ...situation, action: applied }, named);
    return conditions === true && !told ? undefined : conditions;
  }

  const workloads = new Map<string, Thing>();
  function principalOf({ principal, trust }: PolicyView): Thing {
    if (principal === undefined) return trust === undefined ? ANY_WORKLOAD : anyWorkloadOf(trust);
    const known = workloads.get(principal) ?? workload(content, principal);
    workloads.set(principal, known);
    return known;
  }

  return {
    content,
    hasCeiling,
    policies,
    placesIn: (location) => inside.get(location) ?? [],
    placesOf,
    principalOf,
    matches,
    holds: (conditions, situation) => holds(conditions, situation, named),
    about,
    forbidding: (situation) => {
      const { type, id } = situation.resource;
      const candidates =
        type === undefined || id === undefined
          ? (byResource.get(bucket('forbid', undefined)) ?? [])
          : about('forbid', { type, id });
      return candidates.find((policy) => matches(policy, situation) === true);
    },
  };
}

function bucket(effect: string, resource: { type: string; id: string } | undefined): string {
  return resource === undefined ? effect : `${effect} ${resource.type}::"${resource.id}"`;
}

/** Groups locations by the locations that contain them. No location contains itself. */
function locationsByHolder(content: Content, locations: Iterable<string>): Map<string, string[]> {
  const inside = new Map<string, string[]>();
  for (const location of locations) {
    for (const { location: around } of locateResource(content, location).ancestry) {
      if (around === location) continue;
      const known = inside.get(around);
      if (known === undefined) inside.set(around, [location]);
      else known.push(location);
    }
  }
  return inside;
}

function placesByPolicy(content: Content, policies: readonly PolicyView[]): PolicyDirectory['placesOf'] {
  const forbids = policies.filter(({ bundled }) => bundled.effect === 'forbid');
  const byForbids = forbids.flatMap(({ bundled }) => distinguishedLocations(bundled, content));
  const shared = new Set([...Object.keys(content.resources), ...byForbids]);
  const inside = locationsByHolder(content, shared);
  const things = new Map<string, Thing>();
  const placeAt = (location: string) => {
    const known = things.get(location) ?? place(content, location);
    things.set(location, known);
    return known;
  };

  return ({ resource, bundled }) => {
    if (resource !== undefined && resource.type !== 'Resource') return [];
    if (resource?.below === false) return [placeAt(resource.id)];
    const own = distinguishedLocations(bundled, content);
    const locations =
      resource === undefined
        ? [...shared, ...own]
        : [
            resource.id,
            ...(inside.get(resource.id) ?? []),
            ...own.filter((location) => placeAt(location).isIn(resource)),
          ];
    return [...new Set(locations)].flatMap((location) => [location, `${location}/*`]).map(placeAt);
  };
}

/** Reports whether the resource of a scope is a given resource or contains it. */
function covers({ type, id, below }: NonNullable<PolicyView['resource']>, resource: Thing): boolean | undefined {
  if (below) return resource.isIn({ type, id });
  return resource.id === undefined ? undefined : resource.type === type && resource.id === id;
}

function view(id: string, written: WrittenPolicy, bundled: BundledPolicy, named: Named, content: Content): PolicyView {
  const { json } = written;
  const conjuncts = conjunctsOf(json.conditions).map((conjunct) => resolved(conjunct, named));
  const assumed = assumptions(conjuncts);
  const ofScope = scopeEntity(json.resource);
  const resource =
    ofScope === undefined ? namedInConditions(conjuncts, 'resource') : { ...ofScope, below: json.resource.op !== '==' };
  const resourceType = (resource?.type ?? ('entity_type' in json.resource ? json.resource.entity_type : undefined)) as
    | PolicyView['resourceType']
    | undefined;
  const inScope = actionsInScope(json.action, [...Object.keys(content.actions), 'assume']).filter(
    (action) => resourceType === undefined || (action === 'assume') === (resourceType === 'Role'),
  );
  const about = (type: 'Resource' | 'Role') =>
    resource === undefined
      ? anyResource(type)
      : resource.type === 'Role'
        ? role(resource.id)
        : { ...anyResource('Resource'), ...(!resource.below && { id: resource.id }) };
  const actions = inScope.filter((action) => {
    const situation = {
      principal: ANY_WORKLOAD,
      action,
      resource: about(action === 'assume' ? 'Role' : 'Resource'),
      assumed: new Map(),
    };
    return holds(conjuncts, situation, named) !== false;
  });
  const inConditions = namedInConditions(conjuncts, 'principal');
  const principal = bundled.principal ?? (inConditions?.type === 'Workload' ? inConditions.id : undefined);
  const trust = bundled.trust ?? (inConditions?.type === 'Trust' ? inConditions.id : undefined);
  const applicable = actions.length > 0 ? actions : inScope;
  return {
    id,
    written,
    bundled,
    ...(principal !== undefined && { principal }),
    ...(trust !== undefined && { trust }),
    ...(resource && { resource }),
    ...(resourceType && { resourceType }),
    anyAction: json.action.op === 'All',
    // Another rule reports conditions that are never true. The other rules then use the actions of the scope.
    actions: new Set(applicable),
    writes: applicable.filter((action) => countsAsWrite(content, action)),
    conjuncts,
    assumed,
    facts: policyFacts(json),
  };
}

function actionsInScope(scope: cedar.ActionConstraint, all: readonly string[]): string[] {
  if (scope.op === 'All') return [...all];
  const unverified =
    scope.op === 'in' && 'entities' in scope ? scope.entities : 'entity' in scope ? [scope.entity] : [];
  const names = unverified.map((entity) => ('__entity' in entity ? entity.__entity : entity).id);
  return all.filter((action) => names.includes(action));
}

/** Returns the entity of a condition `principal == Workload::"…"` or `resource in Resource::"…"`. */
function namedInConditions(
  conjuncts: readonly cedar.Expr[],
  variable: 'principal' | 'resource',
): PolicyView['resource'] {
  for (const conjunct of conjuncts) {
    const [operator, operand] = operation(conjunct);
    if (operator !== '==' && operator !== 'in' && operator !== 'is') continue;
    const { left, right } =
      operator === 'is'
        ? { left: (operand as Two).left, right: (operand as { in?: cedar.Expr }).in }
        : (operand as Two);
    const isVariable = (expression: cedar.Expr | undefined) =>
      expression !== undefined && 'Var' in expression && expression.Var === variable;
    // A workload contains only itself.
    const mirrored = isVariable(right) && (operator === '==' || variable === 'principal');
    const other = isVariable(left) ? right : mirrored ? left : undefined;
    const value = other !== undefined && 'Value' in other ? other.Value : undefined;
    if (typeof value !== 'object' || value === null || !('__entity' in value)) continue;
    return { ...(value.__entity as { type: string; id: string }), below: operator !== '==' };
  }
  return undefined;
}
