import type { Change } from '@tvm/contract/explanation.ts';
import { explanationRequest } from '@tvm/contract/explanation.ts';
import type { Asked } from '@tvm/contract/token.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import { COSTS, type Dimension, type Edit } from './request-edits.ts';

type Denied = TokenDecision & { kind: 'denied' };

export interface ChangeSearch {
  /** Decides a request, as it would be decided now. */
  decide(request: Asked): Promise<TokenDecision>;
  /** The edits that a denial suggests. */
  edits(request: Asked, denied: Denied): Edit[];
  /** How many questions to Cedar a decision costs. */
  costOf(decision: Denied): number;
}

/** How many parameters are changed together at most. */
const MOST_EDITS = 3;
/** How many requests are decided at most, and how many questions to Cedar they may cost in all. */
const MOST_DECISIONS = 40;
const MOST_QUESTIONS = 2_000;
/** How many may be refused by further conditions, which are elsewhere and take time. */
const MOST_REFUSALS = 3;

interface Candidate {
  request: Asked;
  edits: Edit[];
  cost: number;
}

/**
 * Finds the request nearest to a denied one that would be allowed.
 *
 * Candidates come from what stands in the way, and from what stands in the way of these, up to three parameters changed;
 * the cheapest first. Every one is decided like a request for a token: what is returned would be allowed. There may be
 * another that the search does not think of, or does not come to.
 *
 * @throws DependencyFault when a further condition cannot be asked
 */
export async function smallestChange(
  request: Asked,
  denied: Denied,
  { decide, edits, costOf }: ChangeSearch,
): Promise<Change | undefined> {
  const seen = new Set([JSON.stringify(request)]);
  const open: Candidate[] = [];
  function extend({ request, edits: made, cost }: Candidate, denial: Denied): void {
    const used = new Set<Dimension>(made.map(({ dimension }) => dimension));
    for (const edit of edits(request, denial)) {
      const text = JSON.stringify(edit.request);
      if (used.has(edit.dimension) || seen.has(text) || !explanationRequest.safeParse(edit.request).success) continue;
      seen.add(text);
      open.push({ request: edit.request, edits: [...made, edit], cost: cost + COSTS[edit.dimension] });
    }
  }

  let questions = costOf(denied);
  let refusals = 0;
  if (questions >= MOST_QUESTIONS) return undefined;
  extend({ request, edits: [], cost: 0 }, denied);
  for (let decisions = 0; decisions < MOST_DECISIONS && questions < MOST_QUESTIONS; decisions++) {
    const next = takeCheapest(open);
    if (next === undefined) return undefined;
    const decision = await decide(next.request);
    if (decision.kind === 'allowed') return asChange(request, next);
    if (decision.kind === 'bad_request') continue;
    questions += costOf(decision);
    if (decision.denial === 'further_condition' && ++refusals >= MOST_REFUSALS) return undefined;
    if (next.edits.length < MOST_EDITS) extend(next, decision);
  }
  return undefined;
}

/** Of those that cost the same, the one that came first. */
function takeCheapest(open: Candidate[]): Candidate | undefined {
  const cheapest = open.reduce<number>((best, { cost }, at) => (cost < (open[best]?.cost ?? Infinity) ? at : best), 0);
  return open.splice(cheapest, 1)[0];
}

const PARAMETERS = ['authorization_details', 'grant', 'audience', 'resource', 'expires_in', 'reason'] as const;

function asChange(asked: Asked, { request, edits }: Candidate): Change {
  return {
    sentence: edits.map(({ sentence }) => sentence).join(', and '),
    parameters: PARAMETERS.filter(
      (parameter) => JSON.stringify(asked[parameter]) !== JSON.stringify(request[parameter]),
    ),
    request,
  };
}
