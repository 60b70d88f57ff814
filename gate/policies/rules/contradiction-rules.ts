import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { limits as wire } from '@tvm/contract/limits.ts';
import { operation, pathOf, type Two } from '@tvm/core/policy/expression.ts';
import { ABSENT, type Situation, type Thing } from '@tvm/core/policy/partial-evaluation.ts';
import { conjunctsOf } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { cedarExample, listed, NARROW_READ, type PolicyRule } from '../rule.ts';
import { ANY_WORKLOAD, anyResource, place, role, workload } from '../situation.ts';

const beyondCeiling: PolicyRule = {
  id: 'policy/beyond-ceiling',
  severity: 'error',
  needsEveryFile: true,
  title: 'a permit for something that the ceiling forbids',
  why: 'The permit has no effect, but it looks as if it had, and it takes effect as soon as somebody changes the ceiling.',
  instead: 'Remove from the permit what ceiling.cedar forbids.',
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
        yield { policy, message: `"${policy.id}" permits ${action} although ${ids} in the ceiling always forbids it` };
      }
    }
  },
};

const neverMatches: PolicyRule = {
  id: 'policy/never-matches',
  severity: 'error',
  needsEveryFile: true,
  title: 'a policy that never has an effect',
  why: 'Such a permit grants nothing and such a forbid denies nothing, although both look as if they did.',
  instead: 'Fix the condition that is never true, or delete the policy.',
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

/** Returns why a policy never matches, as a clause. */
function contradiction(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  const span = emptyRange(policy.conjuncts);
  if (span !== undefined) return `never matches: its conditions allow no value of ${span}`;
  const all = situations(directory, policy);
  if (all.some((situation) => directory.matches(policy, situation) !== false)) return voidByFiles(directory, policy);
  const false_ = policy.conjuncts.findIndex((conjunct) =>
    all.every((situation) => directory.holds([conjunct], situation) === false),
  );
  const written = conjunctsOf(policy.written.json.conditions)[false_];
  const condition =
    written === undefined ? 'its conditions are never true together' : `${textOf(written)} is never true`;
  return `never matches: ${condition}`;
}

/** Returns which data file gives nothing the attributes that a policy requires, as a clause. */
function voidByFiles(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  const { content } = directory;
  const canMatch = (changes: (action: string | undefined) => Partial<Situation>[]) =>
    situations(directory, policy).some((situation) =>
      changes(situation.action).some((change) => directory.matches(policy, { ...situation, ...change }) !== false),
    );
  if (policy.resource === undefined) {
    const places = [place(content, UNNAMED), ...directory.placesOf(policy)].map((resource) => ({ resource }));
    const roles = [UNNAMED, ...Object.keys(content.roles)].map((name) => ({ resource: role(name) }));
    if (!canMatch((action) => (action === 'assume' ? roles : places))) {
      return 'never matches: resources.yaml gives no location the attributes that its conditions require';
    }
  }
  if (policy.principal === undefined) {
    const listed = Object.keys(content.workloads).map((arn) => ({ principal: workload(content, arn) }));
    if (!canMatch(() => [{ principal: UNLISTED }, ...listed])) {
      return 'never matches: workloads.yaml gives no workload the attributes that its conditions require';
    }
  }
  return undefined;
}

/** A location or role that no file names. */
const UNNAMED = '~';

/** Attributes of a workload that do not come from `workloads.yaml`. */
const OF_THE_CALLER = ['account', 'organization', 'kind', 'name', 'session', 'claims'];

/** A workload that is not in `workloads.yaml`. */
const UNLISTED: Thing = {
  ...ANY_WORKLOAD,
  attribute: (name) => (OF_THE_CALLER.includes(name) ? ANY_WORKLOAD.attribute(name) : ABSENT),
};

/** Returns which `forbid` overrides a permit completely, as a clause. */
function shadowed(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  if (policy.bundled.effect !== 'permit') return undefined;
  const found = forbidden(directory, policy);
  const by = [...new Set([...found.values()].flat())];
  // The other rule reports what the ceiling forbids.
  if (found.size < policy.actions.size || by.some(({ bundled }) => bundled.ceiling)) return undefined;
  return `never permits anything, because ${listed(by.map(({ id }) => `"${id}"`))} forbids all of it`;
}

/** Returns the actions of a policy that are forbidden in every request that it matches, with the forbidding policies. */
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

/** Returns the distinguishable situations in which a policy can be evaluated, the broadest first. */
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

/** The possible values of integers in the context. */
const SPANS: Record<string, [number, number]> = {
  'context.lifetime': [1, wire.lifetime],
  'context.local.hour': [0, 23],
  'context.local.minute': [0, 59],
  'context.behaviour.issued': [0, Number.MAX_SAFE_INTEGER],
  'context.behaviour.denied': [0, Number.MAX_SAFE_INTEGER],
  'context.behaviour.active': [0, Number.MAX_SAFE_INTEGER],
};

/** Returns an attribute for which the conditions allow no integer. */
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

/** Formats a condition as Cedar. */
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

/** The rules about policies without effect. */
export const contradictionRules: readonly PolicyRule[] = [beyondCeiling, neverMatches];
