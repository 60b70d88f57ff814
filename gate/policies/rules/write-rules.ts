import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { subtreeRoot } from '../../../contract/authorization-details.ts';
import { bound, everyWay, limits, operation, pathOf, type Two } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { cedarExample, listed, type PolicyRule, ruleOfEach } from '../rule.ts';

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
  title: 'writing everything, or everything of a system',
  why: 'One token is then enough to change all of it, and what comes to be there later too.',
  instead:
    'Name what is written, below the top: `resource in Resource::"orders-db/shipments"`; in roles.yaml ' +
    '`orders-db/shipments/*` or `orders-db/{subject.team}/*`.',
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
    for (const policy of directory.policies) {
      const trees = writtenTrees(directory, policy);
      if (trees !== undefined) yield { policy, message: `"${policy.id}" permits to write ${trees}` };
    }
    for (const [name, { authorizationDetails }] of Object.entries(directory.content.roles)) {
      const trees = authorizationDetails
        .filter(({ actions }) => actions.includes('write'))
        .flatMap(({ locations }) => locations)
        .filter((location) => {
          const root = subtreeRoot(location);
          return root !== undefined && wholeTreesOf(directory, root).length > 0;
        });
      if (trees.length === 0) continue;
      const message = `the role "${name}" writes whole systems: ${listed(trees)}`;
      yield { file: 'roles.yaml', entry: [name], message };
    }
  },
};

/** What a policy lets write that is too much, in words. */
function writtenTrees(directory: PolicyDirectory, policy: PolicyView): string | undefined {
  const { bundled, actions, resource, conjuncts } = policy;
  if (bundled.effect !== 'permit' || !actions.has('write')) return undefined;
  if (conjuncts.some((conjunct) => everyWay(conjunct, (single) => narrows(directory, single)))) return undefined;
  if (resource === undefined) {
    // Bounded, but by whole trees only; or not at all.
    return bound(conjuncts, (path) => path === 'resource') ? 'a whole system' : 'everything';
  }
  if (resource.type !== 'Resource' || !resource.below) return undefined;
  const trees = wholeTreesOf(directory, resource.id);
  return trees.length === 0 ? undefined : `all of ${listed(trees)}`;
}

/** Whether a condition leaves of the resources only such as are less than a whole tree. */
function narrows(directory: PolicyDirectory, condition: cedar.Expr): boolean {
  if (limits(condition, (path) => path.startsWith('resource.'))) return true;
  if (!limits(condition, (path) => path === 'resource')) return false;
  const [operator, operand] = operation(condition);
  if (operator !== 'in' && operator !== 'is') return true;
  const within = operator === 'in' ? (operand as Two).right : (operand as { in: cedar.Expr }).in;
  return locationsIn(within).every((location) => wholeTreesOf(directory, location).length === 0);
}

function locationsIn(expression: cedar.Expr): string[] {
  const [operator, operand] = operation(expression);
  if (operator === 'Set') return (operand as cedar.Expr[]).flatMap(locationsIn);
  const entity = operator === 'Value' && typeof operand === 'object' && operand !== null && '__entity' in operand;
  return entity ? [(operand.__entity as { id: string }).id] : [];
}

/** The top-level trees that are in a location as wholes. A name that only groups places further down is none itself. */
function wholeTreesOf(directory: PolicyDirectory, location: string): string[] {
  const isTop = (place: string) => !place.includes('/');
  const inside = directory.placesIn(location);
  const grouped = inside.filter((place) => !place.startsWith(`${location}/`));
  const trees = inside.filter(isTop);
  if (trees.length > 0) return trees;
  return isTop(location) && grouped.length === 0 ? [location] : [];
}

const writeLifetime = ruleOfEach(
  {
    id: 'policy/write-lifetime',
    severity: 'error',
    title: 'writing for as long as any token lives',
    why: 'A token that is stolen can be used until it ends: one that writes is to end soon.',
    instead: 'Add `@max_lifetime("5m")`, or `when { context.lifetime <= 300 }`.',
    failing: cedarExample(ONE_TABLE.text.replace('@max_lifetime("5m")\n', '')),
    passing: ONE_TABLE,
  },
  ({ bundled, actions, conjuncts }) =>
    bundled.effect === 'permit' &&
    actions.has('write') &&
    bundled.obligations.maxLifetime === undefined &&
    !conjuncts.some((conjunct) => everyWay(conjunct, capsLifetime))
      ? 'permits to write and sets no longest lifetime'
      : undefined,
);

function capsLifetime(condition: cedar.Expr): boolean {
  const [operator, operand] = operation(condition);
  if (!['==', '<', '<=', '>', '>='].includes(operator)) return false;
  const { left, right } = operand as Two;
  const isLifetime = (expression: cedar.Expr) => pathOf(expression) === 'context.lifetime';
  if (operator === '==') return isLifetime(left) !== isLifetime(right);
  return operator.startsWith('<') ? isLifetime(left) : isLifetime(right);
}

/** Rules about permits to write. */
export const writeRules: readonly PolicyRule[] = [wildcardWrite, writeLifetime];
