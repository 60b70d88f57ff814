import { limits } from '@tvm/contract/limits.ts';
import { decideToken, type TokenDecision } from '@tvm/core/issuing/token-decision.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { actionsOf, type PolicyCase } from './case-file.ts';

/** The result of a case. */
export interface CaseResult {
  case: PolicyCase;
  /** Sentences about differences from the expected decision. Empty if the case passes. */
  faults: string[];
  /** The `@id` of each policy that permitted or forbade something in the case. */
  reached: ReadonlySet<string>;
}

/** The results of all cases of a policy directory. */
export interface CaseRun {
  results: CaseResult[];
  /** The `@id` of each policy that no case reaches, in the order of the files. */
  uncovered: string[];
}

/** The default lifetimes of the service and the largest possible maximum, in seconds. */
const LIFETIMES = { defaultLifetime: 900, defaultWriteLifetime: 300, maxLifetime: limits.lifetime };

/** Decides each case as the service would, without external authorizers. */
export async function runCases(bundle: PolicyBundle, cases: readonly PolicyCase[]): Promise<CaseRun> {
  const policies = policyDecisionPoint(bundle);
  const results: CaseResult[] = [];
  const reached = new Set<string>();
  for (const one of cases) {
    const { asks, caller, details, from, vpc_endpoint, at, behaviour } = one;
    const request = {
      authorization_details: details,
      scope: asks.role === undefined ? undefined : `role:${asks.role}`,
      grant: asks.partial ? ('partial' as const) : undefined,
      audience: asks.audience,
      expires_in: asks.lifetime,
      reason: asks.reason,
    };
    const circumstances = {
      time: at,
      sourceIp: from,
      ...(vpc_endpoint !== undefined && { vpcEndpoint: vpc_endpoint }),
    };
    const ports = { policies, conditions: [], behaviour: { of: async () => behaviour } };
    const decision = await decideToken(request, caller, circumstances, LIFETIMES, ports);
    const by = reachedIn(decision);
    for (const id of by) reached.add(id);
    results.push({ case: one, faults: faultsOf(one, decision), reached: by });
  }
  return { results, uncovered: Object.keys(bundle.policies).filter((id) => !reached.has(id)) };
}

function reachedIn(decision: TokenDecision): Set<string> {
  if (decision.kind === 'bad_request') return new Set();
  return new Set(decision.itemDecisions.flatMap(({ permits, forbids }) => [...permits, ...forbids]));
}

function faultsOf(expected: PolicyCase, decided: TokenDecision): string[] {
  if (decided.kind === 'bad_request') return [`is not a valid request: ${decided.bad.field} ${decided.bad.problem}`];
  const how = describe(decided);
  if (decided.kind !== expected.expect) return [`expected ${expected.expect}, but ${how}`];
  const faults: string[] = [];
  const compare = (what: string, wanted: unknown, got: unknown) => {
    if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(got)) return;
    faults.push(`expected ${what} ${JSON.stringify(wanted)}, but ${how}`);
  };
  compare('by', expected.by?.toSorted(), decided.decision.policies.toSorted());
  if (decided.kind === 'denied') {
    compare('denial', expected.denial, decided.denial);
    return faults;
  }
  const { token = {} } = expected;
  const { lifetime, obligations = {}, decision } = decided;
  const granted = (action: string) =>
    decision.granted
      .filter(({ actions }) => actions.includes(action))
      .flatMap(({ locations }) => locations)
      .sort();
  compare('lifetime', token.lifetime, lifetime);
  compare('networks', token.networks?.toSorted(), obligations.networks ?? []);
  compare('windows', token.windows?.toSorted(), obligations.windows ?? []);
  compare('single_use', token.single_use, obligations.single_use === true);
  for (const [action, locations] of actionsOf(token)) compare(action, locations.toSorted(), granted(action));
  return faults;
}

/** Returns a decision as text. */
function describe(decided: Exclude<TokenDecision, { kind: 'bad_request' }>): string {
  const { policies, policyErrors } = decided.decision;
  const ids = policies.map((id) => `"${id}"`).join(', ');
  if (decided.kind === 'allowed') {
    const { lifetime, obligations, decision } = decided;
    const got = decision.granted.map(({ actions, locations }) => `${actions.join('+')} ${locations.join(', ')}`);
    const more = obligations === undefined ? '' : ` with ${JSON.stringify(obligations)}`;
    return `allowed by ${ids}: ${got.join('; ')} for ${lifetime} s${more}`;
  }
  if (decided.denial === 'role_unavailable') {
    return decided.lacks === undefined
      ? 'denied: there is no such role'
      : `denied: the workload has no ${decided.lacks} for the role`;
  }
  if (decided.denial === 'reason_missing') return `denied: ${ids} require a reason`;
  if (policyErrors.length > 0) return `denied: ${policyErrors.join(', ')} cannot be evaluated`;
  const not = decided.itemDecisions
    .filter(({ allowed }) => !allowed)
    .map(({ item }) => ('role' in item ? `assume ${item.role}` : `${item.action} ${item.location}`));
  return ids === '' ? `denied: no policy permits ${not.join(', ')}` : `denied by ${ids}: ${not.join(', ')}`;
}
