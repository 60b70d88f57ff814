import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import { type Asked as AskedFor, type Obligations, roleOf } from '@tvm/contract/token.ts';
import {
  type AuthorizerRequest,
  type ExternalAuthorizer,
  refusedBy,
} from '../external-authorizers/external-authorizer.ts';
import type { Caller } from '../identity/caller.ts';
import { attributesOf, type DecisionContext } from '../policy/authorization-request.ts';
import { conclude, type Judgement, type PolicyDecision, type PolicyDecisionPoint } from '../policy/decision-point.ts';
import { placeResource } from '../policy/resource-tree.ts';
import { takeRole } from '../policy/roles.ts';
import type { RequestDenial } from '../records/token-record.ts';
import type { RecentBehaviour } from './ports.ts';

/** How long tokens live. In seconds. */
export interface LifetimeRules {
  /** When none is asked for. */
  defaultLifetime: number;
  /** The same for a token that may write. */
  defaultWriteLifetime: number;
  maxLifetime: number;
}

/** When and from where it is asked. */
export type Circumstances = Pick<DecisionContext, 'time' | 'sourceIp' | 'vpcEndpoint'>;

export interface TokenDecisionPorts {
  policies: PolicyDecisionPoint;
  conditions: readonly ExternalAuthorizer[];
  behaviour: RecentBehaviour;
}

/** What is asked for, with defaults and a role's grants put in. */
export interface Asking {
  role: string | undefined;
  details: AuthorizationDetail[];
  partial: boolean;
  audience: string;
  /** In seconds. */
  lifetime: number;
  reason: string | undefined;
}

export type TokenDecision =
  | { kind: 'bad_request'; bad: BadRequest }
  | {
      kind: 'denied';
      denial: RequestDenial;
      asking: Asking;
      judgements: Judgement[];
      decision: PolicyDecision;
      /** Of `role_unavailable`: the attribute that the caller lacks; absent when there is no such role. */
      lacks?: string;
    }
  | {
      kind: 'allowed';
      asking: Asking;
      judgements: Judgement[];
      decision: PolicyDecision;
      /** Of the token, in seconds: what was asked for, or the less that policies allow. */
      lifetime: number;
      obligations: Obligations | undefined;
    };

/**
 * Decides what a request gets, whether to vend it or to explain it.
 *
 * role → lifetime → behaviour, where a policy reads it → policy → further conditions → obligations
 *
 * @throws DependencyFault when behaviour or a further condition cannot be asked: then nothing is allowed
 */
export async function decideToken(
  request: AskedFor,
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
  const judgements = policies.judge(caller, asking, context);
  const cedar = conclude(judgements, asking, policies.bundle);
  // Whether there is such a role, and that it has no audience, is for those to know who may take it.
  if (audience === '' && judgements.some(({ asked, allowed }) => asked.action === 'assume' && allowed)) {
    return { kind: 'bad_request', bad: { field: 'audience', problem: 'or resource must be given: the role has none' } };
  }
  if (!cedar.allowed || audience === '')
    return { kind: 'denied', denial: 'policy', asking, judgements, decision: cedar };

  const judged = await askFurther(conditions, judgements, caller, asking, context, policies);
  const decision = conclude(judged, asking, policies.bundle);
  const denied = (denial: RequestDenial) => ({ kind: 'denied' as const, denial, asking, judgements: judged, decision });
  if (!decision.allowed) return denied('further_condition');
  const { maxLifetime = lifetime, requireReason, obligations } = decision.conditions;
  if (requireReason && !reason) return denied('reason_missing');
  return {
    kind: 'allowed',
    asking,
    judgements: judged,
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

/** Puts in what a request leaves to its role and to the deployment. */
function prepare(
  request: AskedFor,
  caller: Caller,
  rules: LifetimeRules,
  { bundle }: PolicyDecisionPoint,
):
  | { bad: BadRequest }
  | { asking: Asking }
  | { asking: Asking; unavailable: Omit<TokenDecision & { kind: 'denied' }, 'asking'> } {
  if (request.expires_in !== undefined && request.expires_in > rules.maxLifetime) {
    return { bad: { field: 'expires_in', problem: `must be at most ${rules.maxLifetime} seconds` } };
  }
  const role = request.scope === undefined ? undefined : roleOf(request.scope);
  const taken = role === undefined ? undefined : takeRole(bundle, role, caller);
  const details = (taken?.kind === 'taken' ? taken.authorizationDetails : request.authorization_details) ?? [];
  const ofRole = taken?.kind === 'taken' ? taken.role.audience : undefined;
  const named = request.audience ?? request.resource;
  const writes = details.some(({ actions }) => actions.includes('write'));
  const asking: Asking = {
    role,
    details,
    partial: request.grant === 'partial',
    audience: named ?? ofRole ?? '',
    lifetime: request.expires_in ?? (writes ? rules.defaultWriteLifetime : rules.defaultLifetime),
    reason: request.reason,
  };
  if (taken !== undefined && taken.kind !== 'taken') {
    const lacks = taken.kind === 'not_fillable' ? { lacks: taken.attribute } : {};
    const refused = { judgements: [], decision: NOTHING_DECIDED, ...lacks };
    return { asking, unavailable: { kind: 'denied', denial: 'role_unavailable', ...refused } };
  }
  return { asking };
}

/** Asks the further conditions about what policy allows; what one of them does not allow is not. */
async function askFurther(
  conditions: readonly ExternalAuthorizer[],
  judgements: Judgement[],
  caller: Caller,
  { reason }: Asking,
  { audience, lifetime, time, sourceIp }: DecisionContext,
  policies: PolicyDecisionPoint,
): Promise<Judgement[]> {
  if (conditions.length === 0) return judgements;
  const { bundle } = policies;
  const { session, ...properties } = attributesOf(bundle, caller);
  const context = {
    audience,
    lifetime,
    time: new Date(time).toISOString(),
    sourceIp,
    ...(reason !== undefined && { reason }),
  };
  const subject = { id: caller.subject, properties };
  const questions = new Map(
    judgements
      .filter(({ allowed }) => allowed)
      .map((judgement): [Judgement, AuthorizerRequest[]] => {
        const { asked } = judgement;
        if (asked.action === 'assume') {
          return [judgement, [{ subject, action: 'assume', resource: { id: asked.role, properties: {} }, context }]];
        }
        const { action, location, fields } = asked;
        // What is said of a part of a subtree is said of what is asked for: a question for each that differs in it.
        const properties = new Map(
          policies.placesOf(caller, asked).map((place) => {
            const { attributes } = placeResource(bundle, place);
            return [JSON.stringify(Object.entries(attributes).sort()), attributes];
          }),
        );
        const told = { ...context, ...(fields !== undefined && { fields }) };
        const about = [...properties.values()].map((one) => ({ id: location, properties: one }));
        return [judgement, about.map((resource) => ({ subject, action, resource, context: told }))];
      }),
  );
  const refusals = await refusedBy(conditions, [...questions.values()].flat());
  return judgements.map((judgement) => {
    const own = questions.get(judgement) ?? [];
    const refusing = refusals.filter(({ refused }) => own.some((question) => refused.includes(question)));
    if (refusing.length === 0) return judgement;
    return { ...judgement, allowed: false, refusedBy: refusing.map(({ condition }) => condition) };
  });
}
