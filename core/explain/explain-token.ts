import type { Action } from '@tvm/contract/authorization-details.ts';
import type { Explanation } from '@tvm/contract/explanation.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import type { Caller } from '../identity/caller.ts';
import type { RecentBehaviour } from '../issuing/ports.ts';
import {
  type Circumstances,
  decideToken,
  type LifetimeRules,
  type TokenDecision,
  type TokenDecisionPorts,
} from '../issuing/token-decision.ts';
import type { Behaviour, DecisionContext } from '../policy/authorization-request.ts';
import { isRead } from '../policy/bundle.ts';
import type { PolicyDecisionPoint } from '../policy/decision-point.ts';
import { policyInsight, type Reader } from '../policy/near-misses.ts';
import type { SubjectStatuses } from '../records/ports.ts';
import { isInForce, restrictionOn } from '../records/subject-status.ts';
import { explainPair, explainUntakenRole, type View } from './explain-pair.ts';
import { obstaclesOf } from './obstacles.ts';
import { editsOf } from './request-edits.ts';
import { smallestChange } from './smallest-change.ts';

export interface ExplainTokenPorts extends TokenDecisionPorts {
  subjectStatuses: Pick<SubjectStatuses, 'get'>;
}

/** The result of explaining a request. */
export type ExplainTokenOutcome =
  | { kind: 'explained'; explanation: Explanation }
  | { kind: 'bad_request'; bad: BadRequest };

type Decided = Exclude<TokenDecision, { kind: 'bad_request' }>;
type Denied = TokenDecision & { kind: 'denied' };

/**
 * Explains what a token request would get, and why. Uses the same functions as `POST /token`, but issues no token and
 * writes no record.
 *
 * @param reader the reader of the explanation; a workload learns nothing about policies for other workloads, nor
 *   whether a role exists that it may not assume
 * @throws DependencyFault if recent behaviour, an external authorizer or the subject status cannot be read
 */
export async function explainToken(
  request: RequestParameters,
  caller: Caller,
  circumstances: Circumstances,
  reader: Reader,
  rules: LifetimeRules,
  ports: ExplainTokenPorts,
): Promise<ExplainTokenOutcome> {
  const { bundle } = ports.policies;
  const behaviour = cachedBehaviour(ports.behaviour);
  const decide = (request: RequestParameters) =>
    decideToken(request, caller, circumstances, rules, { ...ports, behaviour });
  const [decision, subjectStatus] = await Promise.all([decide(request), ports.subjectStatuses.get(caller.subject)]);
  if (decision.kind === 'bad_request') return decision;

  const insight = policyInsight(bundle);
  const recent = isRead(bundle, 'behaviour') ? await behaviour.of(caller.subject, circumstances.time) : undefined;
  const viewOf = (decided: Decided): View => {
    const context = contextOf(decided, circumstances, recent);
    return { caller, context, reader, insight, bundle };
  };
  const about = {
    subject: caller.subject,
    ...(request.scope !== undefined && { scope: request.scope }),
    source_ip: circumstances.sourceIp,
    time: new Date(circumstances.time).toISOString(),
    policy: bundle.hash.slice(0, 12),
    ...(subjectStatus.block !== undefined &&
      isInForce(subjectStatus.block, circumstances.time) && {
        blocked_until: new Date(subjectStatus.block.until).toISOString(),
      }),
  };
  const { asking } = decision;
  if (asking.role !== undefined && !mayKnowRole(asking.role, decision, viewOf(decision))) {
    const audience = request.audience ?? request.resource;
    const pairs = [explainUntakenRole(asking.role)];
    return explained({ allowed: false, denial: 'policy', ...about, ...(audience && { audience }), pairs });
  }

  const view = viewOf(decision);
  const ofDecision = {
    ...about,
    ...(asking.audience !== '' && { audience: asking.audience }),
    pairs: decision.itemDecisions.map((itemDecision) => explainPair(itemDecision, view)),
  };
  if (decision.kind === 'allowed') {
    const restriction = restrictionOn({ decidedAt: circumstances.time, lifetime: decision.lifetime }, subjectStatus);
    if (restriction?.kind === 'refused')
      return explained({ allowed: false, denial: restriction.denial, ...ofDecision });
    return explained({
      allowed: true,
      ...ofDecision,
      expires_in: restriction?.lifetime ?? decision.lifetime,
      authorization_details: decision.decision.granted,
      ...(decision.obligations && { obligations: decision.obligations }),
    });
  }
  const { denial, lacks } = decision;
  if (denial === 'role_unavailable') {
    const pairs = [explainUntakenRole(asking.role ?? '')];
    return explained({ allowed: false, denial, ...(lacks !== undefined && { lacks }), ...ofDecision, pairs });
  }
  const budget = { left: MAX_EVALUATIONS };
  const change = await smallestChange(request, decision, {
    decide,
    edits: (changed, denied) => {
      const view = viewOf(denied);
      const allowedOf = allowedLocations(view, ports, budget);
      return editsOf(changed, denied, obstaclesOf(denied, view), { bundle, maxLifetime: rules.maxLifetime, allowedOf });
    },
    costOf: evaluationsOf(caller, ports.policies),
  });
  return explained({ allowed: false, denial, ...ofDecision, ...(change && { change }) });
}

function explained(explanation: Explanation): ExplainTokenOutcome {
  return { kind: 'explained', explanation };
}

/**
 * Reports whether the reader may learn that a role exists. An operator may. A workload may if it may assume the role,
 * or could assume it with a different request or under different circumstances.
 */
function mayKnowRole(role: string, decision: Decided, { caller, context, reader, insight }: View): boolean {
  if (reader === 'operator') return true;
  if (decision.itemDecisions.length === 0) return false;
  if (decision.itemDecisions.some(({ item, allowed }) => item.role !== undefined && allowed)) return true;
  const nearest = insight.nearest({ caller, item: { action: 'assume', role }, context }, reader, 1);
  return nearest.some(({ missed }) => missed.every(({ part }) => part === 'condition'));
}

function contextOf(
  { asking: { audience, lifetime } }: Decided,
  { time, sourceIp, vpcEndpoint }: Circumstances,
  behaviour: Behaviour | undefined,
): DecisionContext {
  return {
    audience,
    lifetime,
    time,
    sourceIp,
    ...(vpcEndpoint !== undefined && { vpcEndpoint }),
    ...(behaviour && { behaviour }),
  };
}

/** Caches recent behaviour: one explanation evaluates many requests of one workload at one point in time. */
function cachedBehaviour(behaviour: RecentBehaviour): RecentBehaviour {
  let answer: Promise<Behaviour> | undefined;
  return {
    of(subject, now) {
      answer ??= behaviour.of(subject, now);
      return answer;
    },
  };
}

/** Maximum number of evaluations per explanation to find allowed locations in a subtree. */
const MAX_EVALUATIONS = 1_000;

/** Finds the locations on which all given actions are allowed. Finds none if the evaluations would cost too much. */
function allowedLocations({ caller, context }: View, { policies }: TokenDecisionPorts, budget: { left: number }) {
  return (locations: string[], actions: Action[], fields: string[] | undefined): string[] => {
    budget.left -= locations.reduce(
      (sum, location) => sum + actions.length * policies.placesOf(caller, { action: 'read', location }).length,
      0,
    );
    if (budget.left < 0) return [];
    const details = [{ type: 'resource' as const, locations, actions, ...(fields && { fields }) }];
    const itemDecisions = policies.evaluate(caller, { details, partial: true }, context);
    return locations.filter((location) =>
      itemDecisions.every(({ item, allowed }) => item.role !== undefined || item.location !== location || allowed),
    );
  };
}

/** The number of evaluations that a decision costs. */
function evaluationsOf(caller: Caller, { placesOf }: PolicyDecisionPoint): (decision: Denied) => number {
  return ({ asking: { details } }) =>
    details
      .flatMap(({ locations, actions }) =>
        // A subtree with too many locations is denied without an evaluation.
        locations.map(
          (location) => actions.length * Math.max(placesOf(caller, { action: 'read', location }).length, 1),
        ),
      )
      .reduce((sum, evaluations) => sum + evaluations, 1);
}
