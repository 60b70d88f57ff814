import type { AuthorizerRequest, ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { AuthzenSettings } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { postJson } from '../http/post-json.ts';
import { cachedDecisions } from './cached-decisions.ts';

/**
 * An external authorizer that speaks the OpenID AuthZEN Authorization API 1.0. A single request uses the Access
 * Evaluation endpoint (section 6). Several requests use Access Evaluations (section 7), which evaluates all of them by
 * default. The decision `true` allows, any other denies. An error in one evaluation is reported as the decision
 * `false`.
 *
 * @see https://openid.net/specs/authorization-api-1_0.html
 */
export function authzenAuthorizer(
  { name, url, timeout_ms, cache = 0 }: AuthzenSettings,
  clock: Clock,
): ExternalAuthorizer {
  async function evaluate(requests: readonly AuthorizerRequest[]): Promise<boolean[]> {
    const evaluations = requests.map(evaluation);
    if (evaluations.length === 1) {
      return [allowed(await postJson(`${url}/access/v1/evaluation`, evaluations[0], timeout_ms))];
    }
    const response = await postJson(`${url}/access/v1/evaluations`, { evaluations }, timeout_ms);
    const decisions = (response as { evaluations?: unknown } | null)?.evaluations;
    // Only their order relates decisions to requests, so their number must be the same.
    if (!Array.isArray(decisions) || decisions.length !== evaluations.length) {
      throw new Error(`did not return a decision for each of ${evaluations.length} evaluations`);
    }
    return decisions.map(allowed);
  }
  return { name, allows: cachedDecisions(evaluate, cache, clock) };
}

/** Converts a request to AuthZEN's information model (section 5): entities have types, an action is an object. */
function evaluation({ subject, action, resource, context }: AuthorizerRequest) {
  return {
    subject: { type: 'workload', ...subject },
    action: { name: action },
    resource: { type: action === 'assume' ? 'role' : 'resource', ...resource },
    context,
  };
}

function allowed(response: unknown): boolean {
  return (response as { decision?: unknown } | null)?.decision === true;
}
