import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import { type Obligations, type RequestParameters, roleOf } from '@tvm/contract/token.ts';
import {
  type AuthorizerRequest,
  type ExternalAuthorizer,
  refusedBy,
} from '../external-authorizers/external-authorizer.ts';
import { attributesBySource } from '../identity/attributes.ts';
import type { Caller } from '../identity/caller.ts';
import type { DecisionContext } from '../policy/authorization-request.ts';
import { countsAsWrite, type PolicyBundle } from '../policy/bundle.ts';
import {
  conclude,
  type ItemDecision,
  type PolicyDecision,
  type PolicyDecisionPoint,
} from '../policy/decision-point.ts';
import { locateResource } from '../policy/resource-tree.ts';
import { assumeRole } from '../policy/roles.ts';
import type { RequestDenial } from '../records/token-record.ts';
import type { RecentBehaviour } from './ports.ts';

/** Lifetimes of tokens, in seconds. */
export interface LifetimeRules {
  /** The lifetime if the request names none. */
  defaultLifetime: number;
  /** The lifetime of a token that permits an action that counts as a write, if the request names none. */
  defaultWriteLifetime: number;
  maxLifetime: number;
}

/** The time and origin of a request. */
export type Circumstances = Pick<DecisionContext, 'time' | 'sourceIp' | 'vpcEndpoint'>;

export interface TokenDecisionPorts {
  policies: PolicyDecisionPoint;
  conditions: readonly ExternalAuthorizer[];
  behaviour: RecentBehaviour;
}

/** A request with the defaults and the grants of its role filled in. */
export interface EffectiveRequest {
  role: string | undefined;
  details: AuthorizationDetail[];
  partial: boolean;
  audience: string;
  /** The requested or default lifetime, in seconds. */
  lifetime: number;
  reason: string | undefined;
}

export type TokenDecision =
  | { kind: 'bad_request'; bad: BadRequest }
  | {
      kind: 'denied';
      denial: RequestDenial;
      asking: EffectiveRequest;
      itemDecisions: ItemDecision[];
      decision: PolicyDecision;
      /** With `role_unavailable`: the attribute that the caller lacks. Absent if the role does not exist. */
      lacks?: string;
    }
  | {
      kind: 'allowed';
      asking: EffectiveRequest;
      itemDecisions: ItemDecision[];
      decision: PolicyDecision;
      /** The lifetime of the token in seconds: the requested lifetime, or the shorter one that policies allow. */
      lifetime: number;
      obligations: Obligations | undefined;
    };

/**
 * Decides what a request is granted. Used both to issue a token and to explain a decision.
 *
 * role → lifetime → behaviour, if a policy reads it → policy → external authorizers → obligations
 *
 * @throws DependencyFault if the behaviour or an external authorizer is unavailable; nothing is allowed then
 */
export async function decideToken(
  request: RequestParameters,
  caller: Caller,
  circumstances: Circumstances,
  rules: LifetimeRules,
  { policies, conditions, behaviour }: TokenDecisionPorts,
): Promise<TokenDecision> {
  const prepared = prepare(request, caller, rules, policies);
  if ('bad' in prepared) return { kind: 'bad_request', bad: prepared.bad };
  const { asking } = prepared;
  if ('unavailable' in prepared) return { ...prepared.unavailable, asking };

  const { audience, lifetime, reason } = asking;
  const context: DecisionContext = { ...circumstances, audience, lifetime };
  if (policies.reads('behaviour', caller, asking)) {
    context.behaviour = await behaviour.of(caller.subject, circumstances.time);
  }
  const itemDecisions = policies.evaluate(caller, asking, context);
  const cedar = conclude(itemDecisions, asking, policies.bundle);
  // Only a caller who may assume the role may learn that it exists and has no audience.
  if (audience === '' && itemDecisions.some(({ item, allowed }) => item.role !== undefined && allowed)) {
    return { kind: 'bad_request', bad: { field: 'audience', problem: 'or resource must be given: the role has none' } };
  }
  if (!cedar.allowed || audience === '')
    return { kind: 'denied', denial: 'policy', asking, itemDecisions, decision: cedar };

  const checked = await runExternalAuthorizers(conditions, itemDecisions, caller, asking, context, policies);
  const decision = conclude(checked, asking, policies.bundle);
  const denied = (denial: RequestDenial) => ({
    kind: 'denied' as const,
    denial,
    asking,
    itemDecisions: checked,
    decision,
  });
  if (!decision.allowed) return denied('further_condition');
  const { maxLifetime = lifetime, requireReason, obligations } = decision.conditions;
  if (requireReason && !reason) return denied('reason_missing');
  return {
    kind: 'allowed',
    asking,
    itemDecisions: checked,
    decision,
    lifetime: Math.min(lifetime, maxLifetime),
    obligations,
  };
}

const NOTHING_DECIDED: PolicyDecision = {
  allowed: false,
  granted: [],
  policies: [],
  policyErrors: [],
  conditions: { requireReason: false },
};

/** Fills in the values that the request leaves to its role and to the deployment. */
function prepare(
  request: RequestParameters,
  caller: Caller,
  rules: LifetimeRules,
  { bundle }: PolicyDecisionPoint,
):
  | { bad: BadRequest }
  | { asking: EffectiveRequest }
  | { asking: EffectiveRequest; unavailable: Omit<TokenDecision & { kind: 'denied' }, 'asking'> } {
  if (request.expires_in !== undefined && request.expires_in > rules.maxLifetime) {
    return { bad: { field: 'expires_in', problem: `must be at most ${rules.maxLifetime} seconds` } };
  }
  const undeclared = undeclaredAction(request.authorization_details ?? [], bundle);
  if (undeclared !== undefined) return { bad: undeclared };
  const role = request.scope === undefined ? undefined : roleOf(request.scope);
  const assumed = role === undefined ? undefined : assumeRole(bundle, role, caller);
  const details = (assumed?.kind === 'assumed' ? assumed.authorizationDetails : request.authorization_details) ?? [];
  const ofRole = assumed?.kind === 'assumed' ? assumed.role.audience : undefined;
  const named = request.audience ?? request.resource;
  const writes = details.some(({ actions }) => actions.some((action) => countsAsWrite(bundle, action)));
  const asking: EffectiveRequest = {
    role,
    details,
    partial: request.grant === 'partial',
    audience: named ?? ofRole ?? '',
    lifetime: request.expires_in ?? (writes ? rules.defaultWriteLifetime : rules.defaultLifetime),
    reason: request.reason,
  };
  if (assumed !== undefined && assumed.kind !== 'assumed') {
    const lacks = assumed.kind === 'not_fillable' ? { lacks: assumed.attribute } : {};
    const refused = { itemDecisions: [], decision: NOTHING_DECIDED, ...lacks };
    return { asking, unavailable: { kind: 'denied', denial: 'role_unavailable', ...refused } };
  }
  return { asking };
}

/** Returns what is wrong if a request names an action that the schema does not declare. */
function undeclaredAction(details: readonly AuthorizationDetail[], { actions }: PolicyBundle): BadRequest | undefined {
  const known = Object.keys(actions);
  for (const [at, detail] of details.entries()) {
    const index = detail.actions.findIndex((action) => !known.includes(action));
    if (index < 0) continue;
    const problem = `must be ${[known.slice(0, -1).join(', '), known.at(-1)].filter(Boolean).join(' or ')}`;
    return { field: `authorization_details[${at}].actions[${index}]`, problem };
  }
  return undefined;
}

/** Runs the external policy checks on everything Cedar allowed. An item is denied if any check denies it. */
async function runExternalAuthorizers(
  conditions: readonly ExternalAuthorizer[],
  itemDecisions: ItemDecision[],
  caller: Caller,
  { reason }: EffectiveRequest,
  { audience, lifetime, time, sourceIp }: DecisionContext,
  policies: PolicyDecisionPoint,
): Promise<ItemDecision[]> {
  if (conditions.length === 0) return itemDecisions;
  const { bundle } = policies;
  const { operator, aws, claims } = attributesBySource(bundle, caller);
  const context = {
    audience,
    lifetime,
    time: new Date(time).toISOString(),
    sourceIp,
    ...(reason !== undefined && { reason }),
  };
  const subject = { id: caller.subject, properties: { ...operator, ...aws, ...(claims && { claims }) } };
  const requests = new Map(
    itemDecisions
      .filter(({ allowed }) => allowed)
      .map((itemDecision): [ItemDecision, AuthorizerRequest[]] => {
        const { item } = itemDecision;
        if (item.role !== undefined) {
          return [itemDecision, [{ subject, action: 'assume', resource: { id: item.role, properties: {} }, context }]];
        }
        const { action, location, fields } = item;
        // Paths in a subtree may have different attributes. Send one request for each distinct set of attributes, and
        // name the requested location in each request.
        const properties = new Map(
          policies.placesOf(caller, item).map((path) => {
            const { attributes } = locateResource(bundle, path);
            return [JSON.stringify(Object.entries(attributes).sort()), attributes];
          }),
        );
        const withFields = { ...context, ...(fields !== undefined && { fields }) };
        const resources = [...properties.values()].map((one) => ({ id: location, properties: one }));
        return [itemDecision, resources.map((resource) => ({ subject, action, resource, context: withFields }))];
      }),
  );
  const refusals = await refusedBy(conditions, [...requests.values()].flat());
  return itemDecisions.map((itemDecision) => {
    const own = requests.get(itemDecision) ?? [];
    const refusing = refusals.filter(({ refused }) => own.some((request) => refused.includes(request)));
    if (refusing.length === 0) return itemDecision;
    return { ...itemDecision, allowed: false, refusedBy: refusing.map(({ condition }) => condition) };
  });
}
