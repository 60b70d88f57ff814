import type { Change } from '@tvm/contract/explanation.ts';
import { explanationRequest } from '@tvm/contract/explanation.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import { COSTS, type Dimension, type Edit } from './request-edits.ts';

type Denied = TokenDecision & { kind: 'denied' };

export interface ChangeSearch {
  /** Decides a request under the current circumstances. */
  decide(request: RequestParameters): Promise<TokenDecision>;
  /** The edits that a denial suggests. */
  edits(request: RequestParameters, denied: Denied): Edit[];
  /** The number of evaluations that a decision costs. */
  costOf(decision: Denied): number;
}

/** Maximum number of edits in one change. */
const MAX_EDITS = 3;
/** Maximum number of requests to decide, and maximum number of evaluations for all of them. */
const MAX_DECISIONS = 40;
const MAX_EVALUATIONS = 2_000;
/** Maximum number of denials by external authorizers, which are remote and slow. */
const MAX_REFUSALS = 3;

interface Candidate {
  request: RequestParameters;
  edits: Edit[];
  cost: number;
}

/**
 * Finds an allowed request that differs as little as possible from a denied request.
 *
 * Starting from the denied request, the search applies edits that the obstacles suggest, up to {@link MAX_EDITS}, and
 * decides the cheapest candidate first. Candidates are decided like token requests, so the result would be allowed. The
 * search is bounded and may miss a better candidate.
 *
 * @throws DependencyFault if an external authorizer is unavailable
 */
export async function smallestChange(
  request: RequestParameters,
  denied: Denied,
  { decide, edits, costOf }: ChangeSearch,
): Promise<Change | undefined> {
  const seen = new Set([JSON.stringify(request)]);
  const candidates: Candidate[] = [];
  function extend({ request, edits: made, cost }: Candidate, denial: Denied): void {
    const used = new Set<Dimension>(made.map(({ dimension }) => dimension));
    for (const edit of edits(request, denial)) {
      const text = JSON.stringify(edit.request);
      if (used.has(edit.dimension) || seen.has(text) || !explanationRequest.safeParse(edit.request).success) continue;
      seen.add(text);
      candidates.push({ request: edit.request, edits: [...made, edit], cost: cost + COSTS[edit.dimension] });
    }
  }

  let evaluations = costOf(denied);
  let refusals = 0;
  if (evaluations >= MAX_EVALUATIONS) return undefined;
  extend({ request, edits: [], cost: 0 }, denied);
  for (let decisions = 0; decisions < MAX_DECISIONS && evaluations < MAX_EVALUATIONS; decisions++) {
    const next = takeCheapest(candidates);
    if (next === undefined) return undefined;
    const decision = await decide(next.request);
    if (decision.kind === 'allowed') return asChange(request, next);
    if (decision.kind === 'bad_request') continue;
    evaluations += costOf(decision);
    if (decision.denial === 'further_condition' && ++refusals >= MAX_REFUSALS) return undefined;
    if (next.edits.length < MAX_EDITS) extend(next, decision);
  }
  return undefined;
}

/** Removes the cheapest candidate. Among equal costs, the oldest wins. */
function takeCheapest(candidates: Candidate[]): Candidate | undefined {
  const cheapest = candidates.reduce<number>(
    (best, { cost }, at) => (cost < (candidates[best]?.cost ?? Infinity) ? at : best),
    0,
  );
  return candidates.splice(cheapest, 1)[0];
}

const PARAMETERS = ['authorization_details', 'grant', 'audience', 'resource', 'expires_in', 'reason'] as const;

function asChange(original: RequestParameters, { request, edits }: Candidate): Change {
  return {
    sentence: edits.map(({ sentence }) => sentence).join(', and '),
    parameters: PARAMETERS.filter(
      (parameter) => JSON.stringify(original[parameter]) !== JSON.stringify(request[parameter]),
    ),
    request,
  };
}
