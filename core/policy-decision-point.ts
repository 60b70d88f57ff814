import { isIP } from 'node:net';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action, AuthorizationDetail } from '../contract/authorization-details.ts';
import { authorizationRequest, type DecisionContext, readableFacts } from './authorization-request.ts';
import type { Caller } from './identity.ts';
import type { PolicyBundle } from './policy-bundle.ts';

export interface PolicyDecision {
  allowed: boolean;
  /** The policies that decided, by `@id`: those that permit when allowed, those that forbid when not. */
  policies: string[];
  /** The policies that could not be evaluated, by `@id`. */
  policyErrors: string[];
}

/** Decides whether a caller may have everything that the details name. */
export type PolicyDecisionPoint = (
  caller: Caller,
  details: readonly AuthorizationDetail[],
  context: DecisionContext,
) => PolicyDecision;

/**
 * A policy decision point over a bundle, which is parsed here, once.
 *
 * Every (action, location) pair is judged alone. All must be allowed, or nothing is. A policy that errs denies the
 * pair: Cedar skips such a policy, and a skipped `forbid` would grant what it was written to prevent.
 *
 * @see https://docs.cedarpolicy.com/auth/authorization.html
 */
export function policyDecisionPoint(bundle: PolicyBundle): PolicyDecisionPoint {
  // Cedar keeps preparsed sets by name and for good, so each decision point needs a name of its own.
  const preparsedPolicySetId = `bundle-${++bundles}`;
  const parsed = cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies: bundle.policies });
  if (parsed.type === 'failure') throw new Error('the policy bundle does not parse');
  const readable = readableFacts(bundle);

  return (caller, details, context) => {
    // Whether or not a policy reads it: what is no address must not be mistaken for one.
    if (isIP(context.sourceIp) === 0) throw new Error('the source address of a request is not an IP address');
    const permits = new Set<string>();
    const forbids = new Set<string>();
    const policyErrors = new Set<string>();
    let allowed = true;
    for (const { action, location, fields } of pairs(details)) {
      const answer = cedar.statefulIsAuthorized({
        preparsedPolicySetId,
        ...authorizationRequest(caller, action, location, fields, context, readable),
      });
      if (answer.type === 'failure') throw new Error('Cedar refused an authorization request');
      const { decision, diagnostics } = answer.response;
      for (const error of diagnostics.errors) policyErrors.add(error.policyId);
      for (const id of diagnostics.reason) (decision === 'allow' ? permits : forbids).add(id);
      allowed &&= decision === 'allow' && diagnostics.errors.length === 0;
    }
    return { allowed, policies: [...(allowed ? permits : forbids)], policyErrors: [...policyErrors] };
  };
}

let bundles = 0;

function* pairs(
  details: readonly AuthorizationDetail[],
): Generator<{ action: Action; location: string; fields: readonly string[] | undefined }> {
  for (const { actions, locations, fields } of details) {
    for (const location of locations) {
      for (const action of actions) yield { action, location, fields };
    }
  }
}
