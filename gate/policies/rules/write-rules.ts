import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { countsAsWrite } from '@tvm/core/policy/bundle.ts';
import { operation, pathOf, type Two } from '@tvm/core/policy/expression.ts';
import type { Thing } from '@tvm/core/policy/partial-evaluation.ts';
import { bound, everyWay, limits } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { cedarExample, listed, type PolicyRule, ruleOfEach } from '../rule.ts';
import { type Trees, treesOf } from '../trees.ts';

const ONE_TABLE = cedarExample(`@id("orders-service-writes-shipments")
@max_lifetime("5m")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"write",
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" };
`);

const wildcardWrite: PolicyRule = {
  id: 'policy/wildcard-write',
  severity: 'error',
  title: 'write access to everything, or to a whole system',
  why: 'One token is enough to change the whole system, including locations that are added later.',
  instead:
    'Name a location below the top level: `resource in Resource::"orders-db/shipments"`; in roles.yaml ' +
    '`orders-db/shipments/*` or `orders-db/{subject.team}/*`. If an attribute restricts the policy, set the attribute in ' +
    'resources.yaml on locations below the top level.',
  failing: cedarExample(`@id("orders-service-writes-orders-db")
@max_lifetime("5m")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"write",
  resource in Resource::"orders-db"
)
when { context.audience == "orders-db" };
`),
  passing: ONE_TABLE,
  *check(directory) {
    const trees = treesOf(directory);
    for (const policy of directory.policies) {
      const written = writtenTrees(directory, policy, trees);
      if (written !== undefined) yield { policy, message: `"${policy.id}" permits write on ${written}` };
    }
    for (const [name, { authorizationDetails }] of Object.entries(directory.content.roles)) {
      const whole = authorizationDetails
        .filter(({ actions }) => actions.some((action) => countsAsWrite(directory.content, action)))
        .flatMap(({ locations }) => locations)
        .filter((location) => {
          const root = subtreeRoot(location);
          return root !== undefined && trees.wholeIn(root).length > 0;
        });
      if (whole.length === 0) continue;
      const message = `the role "${name}" can write whole systems: ${listed(whole)}`;
      yield { file: 'roles.yaml', entry: [name], message };
    }
  },
};

/** Returns the whole systems that a policy permits to write, as text, or `undefined` if there are none. */
function writtenTrees(directory: PolicyDirectory, policy: PolicyView, trees: Trees): string | undefined {
  const { bundled, writes, resource, conjuncts } = policy;
  if (bundled.effect !== 'permit' || writes.length === 0) return undefined;
  if (resource !== undefined && (resource.type !== 'Resource' || !resource.below)) return undefined;
  if (conjuncts.some((conjunct) => everyWay(conjunct, (single) => narrows(trees, single)))) {
    // For example, if a condition requires an attribute that is set at the top of a tree, it allows the whole tree.
    const inScope = resource === undefined ? trees.named : trees.wholeIn(resource.id);
    const whole = inScope.filter((tree) => mayWrite(directory, policy, trees.below(tree)));
    return whole.length === 0 ? undefined : `all of ${listed(whole)}, which its conditions allow`;
  }
  if (resource === undefined) {
    // The conditions restrict the resource only to whole trees, or not at all.
    return bound(conjuncts, (path) => path === 'resource') ? 'a whole system' : 'everything';
  }
  const whole = trees.wholeIn(resource.id);
  return whole.length === 0 ? undefined : `all of ${listed(whole)}`;
}

function mayWrite(directory: PolicyDirectory, policy: PolicyView, resource: Thing): boolean {
  return policy.writes.some((action) => {
    const situation = { principal: directory.principalOf(policy), action, resource, assumed: policy.assumed };
    return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
  });
}

/** Reports whether a condition restricts resources to less than a whole tree, or to those with a certain attribute. */
function narrows(trees: Trees, condition: cedar.Expr): boolean {
  if (limits(condition, (path) => path.startsWith('resource.'))) return true;
  if (!limits(condition, (path) => path === 'resource')) return false;
  const [operator, operand] = operation(condition);
  if (operator !== 'in' && operator !== 'is') return true;
  const within = operator === 'in' ? (operand as Two).right : (operand as { in: cedar.Expr }).in;
  return locationsIn(within).every((location) => trees.wholeIn(location).length === 0);
}

function locationsIn(expression: cedar.Expr): string[] {
  const [operator, operand] = operation(expression);
  if (operator === 'Set') return (operand as cedar.Expr[]).flatMap(locationsIn);
  const entity = operator === 'Value' && typeof operand === 'object' && operand !== null && '__entity' in operand;
  return entity ? [(operand.__entity as { id: string }).id] : [];
}

/** Maximum lifetime of a token that can write, in seconds. */
const LONGEST_WRITE = 3600;

const writeLifetime = ruleOfEach(
  {
    id: 'policy/write-lifetime',
    severity: 'error',
    title: 'write access for longer than an hour',
    why: 'A stolen token can be used until it expires. A token that can write must therefore expire soon.',
    instead:
      'Add `@max_lifetime("5m")` or `when { context.lifetime <= 300 }`. The limit must be a literal of at most one hour ' +
      '(3600 seconds).',
    failing: cedarExample(ONE_TABLE.text.replace('@max_lifetime("5m")\n', '')),
    passing: ONE_TABLE,
  },
  ({ bundled, writes, conjuncts }) => {
    if (bundled.effect !== 'permit' || writes.length === 0) return undefined;
    const { maxLifetime } = bundled.obligations;
    if (maxLifetime !== undefined && maxLifetime <= LONGEST_WRITE) return undefined;
    if (conjuncts.some((conjunct) => everyWay(conjunct, (single) => capOf(single) <= LONGEST_WRITE))) return undefined;
    const capped =
      maxLifetime !== undefined ||
      conjuncts.some((conjunct) => everyWay(conjunct, (single) => capOf(single) < Number.POSITIVE_INFINITY));
    return capped
      ? `permits write for longer than ${LONGEST_WRITE} seconds`
      : 'permits write without a maximum lifetime';
  },
);

/** Returns the maximum lifetime that a condition allows, in seconds, if the condition contains it as a literal. */
function capOf(condition: cedar.Expr): number {
  const [operator, operand] = operation(condition);
  if (!['==', '<', '<=', '>', '>='].includes(operator)) return Number.POSITIVE_INFINITY;
  const { left, right } = operand as Two;
  const caps = (lifetime: cedar.Expr, most: cedar.Expr) =>
    pathOf(lifetime) === 'context.lifetime' && 'Value' in most && typeof most.Value === 'number'
      ? most.Value
      : Number.POSITIVE_INFINITY;
  if (operator === '==') return Math.min(caps(left, right), caps(right, left));
  const cap = operator.startsWith('<') ? caps(left, right) : caps(right, left);
  return operator.length === 1 ? cap - 1 : cap;
}

/** The rules about permits to write. */
export const writeRules: readonly PolicyRule[] = [wildcardWrite, writeLifetime];
