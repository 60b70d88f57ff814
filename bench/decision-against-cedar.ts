import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { cedarRequest } from '@tvm/core/policy/authorization-request.ts';
import { conclude, type PolicyDecisionPoint, policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import { policyBundle, policyFiles } from '#test/fakes/policies.ts';
import { report } from './apart.ts';
import { SUBJECT } from './api-events.ts';
import { CheckFailed } from './check.ts';
import { type Comparison, compare, median } from './measure.ts';
import { policySet, SIZES } from './policy-sets.ts';

const ROUNDS = 9;

/** The cost of a decision, by the number of policies. */
export interface DecisionBySize {
  policies: number;
  /** The decision of TVM. Its ratio is to Cedar's decision over the whole set. */
  ours: Comparison;
  whole: Comparison;
  /** Milliseconds from the bundle's JSON to the first decision, in a process that has already loaded Cedar. */
  firstDecision: number;
  /** Milliseconds that `tvm policy check` takes for the files. */
  check: number;
}

const caller = { subject: SUBJECT, account: '111122223333', kind: 'role', name: 'orders-service' } as const;
const details = [{ type: 'resource' as const, locations: ['orders-db/orders'], actions: ['read' as const] }];
const request = { details, partial: false };
const EVERYTHING = { reads: new Set(['*']), entities: new Map() };
const context = { audience: 'orders-db', lifetime: 900, time: Date.now(), sourceIp: '203.0.113.7' };

/**
 * Compares TVM's decision with bare `statefulIsAuthorized` over the whole set, with the same caller, resource and
 * context.
 */
export async function decisionAgainstCedar(): Promise<DecisionBySize[]> {
  const results: DecisionBySize[] = [];
  for (const policies of SIZES) {
    const files = policyFiles(policySet(policies));
    const check = milliseconds(() => checkPolicies(files));
    const bundle = policyBundle(policySet(policies));
    const json = JSON.stringify(bundle);
    const firstDecision = milliseconds(() => decide(policyDecisionPoint(JSON.parse(json))));

    const point = policyDecisionPoint(bundle);
    const preparsedPolicySetId = `whole-${policies}`;
    const staticPolicies = Object.fromEntries(Object.entries(bundle.policies).map(([id, { text }]) => [id, text]));
    cedar.preparsePolicySet(preparsedPolicySetId, { staticPolicies });
    const item = { action: 'read', location: 'orders-db/orders' } as const;
    const everything = cedarRequest(bundle, requestContext(bundle), caller, item, context, EVERYTHING);
    const { whole, ours } = await compare(
      {
        whole: async () => {
          const answer = cedar.statefulIsAuthorized({ preparsedPolicySetId, ...everything });
          if (answer.type === 'failure' || answer.response.decision !== 'allow') throw new CheckFailed('Cedar denies');
        },
        ours: async () => decide(point),
      },
      ROUNDS,
    );
    results.push({ policies, ours, whole, firstDecision, check });
  }
  return results;
}

function decide(point: PolicyDecisionPoint): void {
  const { allowed } = conclude(point.evaluate(caller, request, context), request, point.bundle);
  if (!allowed) throw new CheckFailed('a decision denies what policy permits');
}

function milliseconds(work: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return median(times);
}

if (import.meta.main) await report(decisionAgainstCedar);
