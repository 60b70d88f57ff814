import type { Action } from '@tvm/contract/authorization-details.ts';
import type { Explanation } from '@tvm/contract/explanation.ts';
import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { Asked } from '@tvm/contract/token.ts';
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
import { holds, restrictionOn } from '../records/subject-status.ts';
import { explainPair, explainUntakenRole, type View } from './explain-pair.ts';
import { obstaclesOf } from './obstacles.ts';
import { editsOf } from './request-edits.ts';
import { smallestChange } from './smallest-change.ts';

export interface ExplainTokenPorts extends TokenDecisionPorts {
  subjectStatuses: Pick<SubjectStatuses, 'get'>;
}

/** What would become of a request. */
export type ExplainTokenOutcome =
  | { kind: 'explained'; explanation: Explanation }
  | { kind: 'bad_request'; bad: BadRequest };

type Decided = Exclude<TokenDecision, { kind: 'bad_request' }>;
type Denied = TokenDecision & { kind: 'denied' };

/**
 * Says what a request for a token would get, and why: it is decided as `POST /token` decides it, by the same functions,
 * and nothing is vended or recorded.
 *
 * @param reader who is told: a workload learns nothing of policies that concern others, nor whether there is a role that
 *   it may not take
 * @throws DependencyFault when behaviour, a further condition or what is held against the subject cannot be read
 */
export async function explainToken(
  request: Asked,
  caller: Caller,
  circumstances: Circumstances,
  reader: Reader,
  rules: LifetimeRules,
  ports: ExplainTokenPorts,
): Promise<ExplainTokenOutcome> {
  const { bundle } = ports.policies;
  const behaviour = askedOnce(ports.behaviour);
  const decide = (request: Asked) => decideToken(request, caller, circumstances, rules, { ...ports, behaviour });
  const [decision, subjectStatus] = await Promise.all([decide(request), ports.subjectStatuses.get(caller.subject)]);
  if (decision.kind === 'bad_request') return decision;

  const insight = policyInsight(bundle);
  const lately = isRead(bundle, 'behaviour') ? await behaviour.of(caller.subject, circumstances.time) : undefined;
  const viewOf = (decided: Decided): View => {
    const context = contextOf(decided, circumstances, lately);
    return { caller, context, reader, insight, bundle };
  };
  const about = {
    subject: caller.subject,
    ...(request.scope !== undefined && { scope: request.scope }),
    source_ip: circumstances.sourceIp,
    time: new Date(circumstances.time).toISOString(),
    policy: bundle.hash.slice(0, 12),
    ...(subjectStatus.block !== undefined &&
      holds(subjectStatus.block, circumstances.time) && {
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
    pairs: decision.judgements.map((judgement) => explainPair(judgement, view)),
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
  const looks = { left: MOST_LOOKS };
  const change = await smallestChange(request, decision, {
    decide,
    edits: (changed, denied) => {
      const view = viewOf(denied);
      const allowedOf = allowedLocations(view, ports, looks);
      return editsOf(changed, denied, obstaclesOf(denied, view), { bundle, maxLifetime: rules.maxLifetime, allowedOf });
    },
    costOf: questionsOf(caller, ports.policies),
  });
  return explained({ allowed: false, denial, ...ofDecision, ...(change && { change }) });
}

function explained(explanation: Explanation): ExplainTokenOutcome {
  return { kind: 'explained', explanation };
}

/**
 * Whether the reader may learn that there is a role: an operator; a workload that may take it, or might if the request
 * or its circumstances were others.
 */
function mayKnowRole(role: string, decision: Decided, { caller, context, reader, insight }: View): boolean {
  if (reader === 'operator') return true;
  if (decision.judgements.length === 0) return false;
  if (decision.judgements.some(({ asked, allowed }) => asked.action === 'assume' && allowed)) return true;
  const nearest = insight.nearest({ caller, asked: { action: 'assume', role }, context }, reader, 1);
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

/** Many requests are decided for one explanation, about one workload at one time: what it did is asked once. */
function askedOnce(behaviour: RecentBehaviour): RecentBehaviour {
  let answer: Promise<Behaviour> | undefined;
  return {
    of(subject, now) {
      answer ??= behaviour.of(subject, now);
      return answer;
    },
  };
}

/** How many places are judged at most, in one explanation, to find those to ask for instead of a subtree. */
const MOST_LOOKS = 1_000;

/** Finds, of some locations, those on which all of some actions are allowed; none when that would cost too much. */
function allowedLocations({ caller, context }: View, { policies }: TokenDecisionPorts, looks: { left: number }) {
  return (locations: string[], actions: Action[], fields: string[] | undefined): string[] => {
    looks.left -= locations.reduce(
      (sum, location) => sum + actions.length * policies.placesOf(caller, { action: 'read', location }).length,
      0,
    );
    if (looks.left < 0) return [];
    const details = [{ type: 'resource' as const, locations, actions, ...(fields && { fields }) }];
    const judgements = policies.judge(caller, { details, partial: true }, context);
    return locations.filter((location) =>
      judgements.every(({ asked, allowed }) => asked.action === 'assume' || asked.location !== location || allowed),
    );
  };
}

/** How many questions to Cedar it takes to decide a request. */
function questionsOf(caller: Caller, { placesOf }: PolicyDecisionPoint): (decision: Denied) => number {
  return ({ asking: { details } }) =>
    details
      .flatMap(({ locations, actions }) =>
        // Of too many places, none is judged.
        locations.map(
          (location) => actions.length * Math.max(placesOf(caller, { action: 'read', location }).length, 1),
        ),
      )
      .reduce((sum, questions) => sum + questions, 1);
}
