import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { limits as wire } from '@tvm/contract/limits.ts';
import { conjunctsOf, operation, pathOf, type Two } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import type { Situation } from '../evaluate.ts';
import { cedarExample, listed, NARROW_READ, type PolicyRule } from '../rule.ts';
import { anyResource, role } from '../situation.ts';

const beyondCeiling: PolicyRule = {
  id: 'policy/beyond-ceiling',
  severity: 'error',
  needsEveryFile: true,
  title: 'a permit of what the ceiling forbids',
  why: 'It grants nothing, but reads as if it did, and it will on the day that somebody raises the ceiling.',
  instead: 'Take out of the permit what ceiling.cedar forbids.',
  failing: cedarExample(`@id("orders-service-writes-backups")
@max_lifetime("5m")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"write",
  resource in Resource::"backups/orders"
)
when { context.audience == "backups" };
`),
  passing: NARROW_READ,
  *check(directory) {
    for (const policy of directory.policies) {
      if (policy.bundled.effect !== 'permit') continue;
      for (const [action, by] of forbidden(directory, policy)) {
        if (!by.some(({ bundled }) => bundled.ceiling)) continue;
        const ids = listed(by.map(({ id }) => `"${id}"`));
        yield { policy, message: `"${policy.id}" permits to ${action} what ${ids} of the ceiling forbids in any case` };
      }
    }
  },
};

const neverMatches: PolicyRule = {
  id: 'policy/never-matches',
  severity: 'error',
  needsEveryFile: true,
  title: 'a policy that never decides anything',
  why: 'A permit like that grants nothing, and a forbid prevents nothing, though both read as if they did.',
  instead: 'Mend the condition that never holds, or delete the policy.',
  failing: cedarExample(`@id("orders-service-reads-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" && principal.account == "444455556666" };
`),
  passing: NARROW_READ,
  *check(directory) {
    for (const policy of directory.policies) {
      const reason = contradiction(directory, policy) ?? shadowed(directory, policy);
      if (reason !== undefined) yield { policy, message: `"${policy.id}" ${reason}` };
    }
  },
};

/** Why a policy never matches, in words. */
function contradiction(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  const span = emptyRange(policy.conjuncts);
  if (span !== undefined) return `never matches: nothing is left of ${span} by its conditions`;
  const all = situations(directory, policy);
  if (all.some((situation) => directory.matches(policy, situation) !== false)) return undefined;
  const false_ = policy.conjuncts.findIndex((conjunct) =>
    all.every((situation) => directory.holds([conjunct], situation) === false),
  );
  const written = conjunctsOf(policy.written.json.conditions)[false_];
  const condition = written === undefined ? 'its conditions never hold together' : `${textOf(written)} never holds`;
  return `never matches: ${condition}`;
}

/** By which `forbid` a permit never permits anything, in words. */
function shadowed(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  if (policy.bundled.effect !== 'permit') return undefined;
  const found = forbidden(directory, policy);
  const by = [...new Set([...found.values()].flat())];
  // What the ceiling forbids is the other rule's.
  if (found.size < policy.actions.size || by.some(({ bundled }) => bundled.ceiling)) return undefined;
  return `never permits anything: ${listed(by.map(({ id }) => `"${id}"`))} forbids all of it`;
}

/** The actions of a policy that are forbidden wherever it matches, whatever else a request says, and by what. */
function forbidden(directory: PolicyDirectory, policy: PolicyView): Map<string, PolicyView[]> {
  const found = new Map<string, PolicyView[]>();
  for (const action of policy.actions) {
    const by = new Set<PolicyView>();
    let everywhere = true;
    for (const situation of situations(directory, policy, [action])) {
      if (directory.matches(policy, situation) === false) continue;
      const forbid = directory.forbidding(situation);
      everywhere = forbid !== undefined;
      if (forbid === undefined) break;
      by.add(forbid);
    }
    if (everywhere && by.size > 0) found.set(action, [...by]);
  }
  return found;
}

/** All that a policy can be asked about, as far as it can be told apart; the broadest first. */
function situations(
  directory: PolicyDirectory,
  policy: PolicyView,
  actions: Iterable<string> = policy.actions,
): Situation[] {
  const principal = directory.principalOf(policy);
  const { resource, assumed } = policy;
  return [...actions].flatMap((action) => {
    const resources =
      action !== 'assume'
        ? resource === undefined
          ? [anyResource('Resource')]
          : directory.placesOf(policy)
        : [resource?.type === 'Role' ? role(resource.id) : anyResource('Role')];
    return resources.map((thing) => ({ principal, action, resource: thing, assumed }));
  });
}

/** What whole numbers of the context can be at all. */
const SPANS: Record<string, [number, number]> = {
  'context.lifetime': [1, wire.lifetime],
  'context.local.hour': [0, 23],
  'context.local.minute': [0, 59],
  'context.behaviour.issued': [0, Number.MAX_SAFE_INTEGER],
  'context.behaviour.denied': [0, Number.MAX_SAFE_INTEGER],
  'context.behaviour.active': [0, Number.MAX_SAFE_INTEGER],
};

/** The attribute that conditions leave no whole number for. */
function emptyRange(conjuncts: readonly cedar.Expr[]): string | undefined {
  const ranges = new Map<string, [number, number]>();
  for (const conjunct of conjuncts) {
    const [operator, operand] = operation(conjunct);
    if (!['==', '<', '<=', '>', '>='].includes(operator)) continue;
    const { left, right } = operand as Two;
    for (const [attribute, value, op] of [
      [left, right, operator],
      [right, left, MIRRORED[operator] ?? operator],
    ] as const) {
      const path = pathOf(attribute);
      const number = 'Value' in value ? value.Value : undefined;
      if (path === undefined || typeof number !== 'number') continue;
      const [low, high] = ranges.get(path) ?? SPANS[path] ?? [-Infinity, Infinity];
      const least = op === '>' ? number + 1 : op === '>=' || op === '==' ? number : -Infinity;
      const most = op === '<' ? number - 1 : op === '<=' || op === '==' ? number : Infinity;
      const range: [number, number] = [Math.max(low, least), Math.min(high, most)];
      if (range[0] > range[1]) return path;
      ranges.set(path, range);
    }
  }
  return undefined;
}

const MIRRORED: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** A condition as Cedar writes it. */
function textOf(condition: cedar.Expr): string {
  const answer = cedar.policyToText({
    effect: 'permit',
    principal: { op: 'All' },
    action: { op: 'All' },
    resource: { op: 'All' },
    conditions: [{ kind: 'when', body: condition }],
  });
  if (answer.type === 'failure') return 'one of its conditions';
  return /when\s*\{([\s\S]*)\}/.exec(answer.text)?.[1]?.replace(/\s+/g, ' ').trim() ?? 'one of its conditions';
}

/** Rules about policies that decide nothing. */
export const contradictionRules: readonly PolicyRule[] = [beyondCeiling, neverMatches];
