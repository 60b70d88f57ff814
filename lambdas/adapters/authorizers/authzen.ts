import type { AuthorizerRequest, ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { AuthzenSettings } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { postJson } from '../http/post-json.ts';
import { cachedDecisions } from './cached-decisions.ts';

/**
 * A condition that a policy decision point answers over the OpenID AuthZEN Authorization API 1.0: one question by Access
 * Evaluation (section 6), several by Access Evaluations (section 7), all of which are evaluated, by that API's default.
 * The decision `true` allows, any other refuses; an error of one evaluation is a decision `false` there.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html
 */
export function authzenCondition(
  { name, url, timeout_ms, cache = 0 }: AuthzenSettings,
  clock: Clock,
): ExternalAuthorizer {
  async function ask(questions: readonly AuthorizerRequest[]): Promise<boolean[]> {
    const evaluations = questions.map(evaluation);
    if (evaluations.length === 1) {
      return [allowed(await postJson(`${url}/access/v1/evaluation`, evaluations[0], timeout_ms))];
    }
    const answer = await postJson(`${url}/access/v1/evaluations`, { evaluations }, timeout_ms);
    const decisions = (answer as { evaluations?: unknown } | null)?.evaluations;
    // Which answer is which is known by their order alone.
    if (!Array.isArray(decisions) || decisions.length !== evaluations.length) {
      throw new Error(`did not answer each of ${evaluations.length} evaluations`);
    }
    return decisions.map(allowed);
  }
  return { name, allows: cachedDecisions(ask, cache, clock) };
}

/** A question in AuthZEN's terms (section 5): entities have types, an action is an object. */
function evaluation({ subject, action, resource, context }: AuthorizerRequest) {
  return {
    subject: { type: 'workload', ...subject },
    action: { name: action },
    resource: { type: action === 'assume' ? 'role' : 'resource', ...resource },
    context,
  };
}

function allowed(answer: unknown): boolean {
  return (answer as { decision?: unknown } | null)?.decision === true;
}
