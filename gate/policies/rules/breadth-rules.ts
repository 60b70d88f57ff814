import { bound, reads } from '../conditions.ts';
import { cedarExample, NARROW_READ, type PolicyRule, ruleOfEach } from '../rule.ts';

/**
 * Attributes that restrict nobody: the caller chooses its session, every principal is one of three kinds, and anybody can
 * use any name for a role in an account of their own.
 */
const RESTRICTS_NOBODY = ['session', 'kind', 'name'];

function isVouchedFor(path: string): boolean {
  const [variable, attribute = ''] = path.split('.');
  return variable === 'principal' && !RESTRICTS_NOBODY.includes(attribute);
}

function isOfResource(path: string): boolean {
  return path === 'resource' || path.startsWith('resource.');
}

const anyPrincipal = ruleOfEach(
  {
    id: 'policy/any-principal',
    severity: 'error',
    title: 'a permit for everybody',
    why:
      'IAM allows every workload of the trusted accounts to call the service. A permit for any principal applies to all of ' +
      'them, and to an attacker who takes over one of them.',
    instead:
      'Name the principal, or restrict it with an attribute from AWS or workloads.yaml: ' +
      '`principal.account == "111122223333"`, `principal has team && principal.team == "orders"`. A name alone, ' +
      '`principal.name like "orders-*"`, restricts nobody, because every account can use it.',
    failing: cedarExample(`@id("all-read-prices")
permit (principal, action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" && principal.kind != "federated" };
`),
    passing: cedarExample(`@id("orders-team-reads-prices")
permit (principal, action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" && principal has team && principal.team == "orders" };
`),
  },
  ({ bundled, conjuncts }) =>
    bundled.effect === 'permit' &&
    bundled.principal === undefined &&
    bundled.trust === undefined &&
    !bound(conjuncts, isVouchedFor)
      ? 'permits every workload that may call the service'
      : undefined,
);

const anyAction = ruleOfEach(
  {
    id: 'policy/any-action',
    severity: 'error',
    title: 'a permit for every action',
    why: 'A workload that only needs to read can write too, and gets every action that is added to the schema later.',
    instead: 'Name the actions: `action == Action::"read"` or `action in [Action::"read", Action::"write"]`.',
    failing: cedarExample(`@id("orders-service-and-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action,
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" && context.lifetime <= 300 };
`),
    passing: NARROW_READ,
  },
  ({ bundled, anyAction, actions, conjuncts }) =>
    bundled.effect === 'permit' && anyAction && actions.size > 1 && !bound(conjuncts, (path) => path === 'action')
      ? `permits every action: ${[...actions].join(', ')}`
      : undefined,
);

const anyResource = ruleOfEach(
  {
    id: 'policy/any-resource',
    severity: 'error',
    title: 'a permit on everything',
    why: 'The permit applies to every resource of every team, including those that are added later.',
    instead:
      'Name the resource, `resource in Resource::"orders-db"`, or restrict it with an attribute from resources.yaml: ' +
      '`resource has team && resource.team == "orders"`.',
    failing: cedarExample(`@id("orders-service-reads")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource
)
when { context.audience == "orders-db" };
`),
    passing: NARROW_READ,
  },
  ({ bundled, resource, actions, conjuncts }) =>
    bundled.effect === 'permit' && resource === undefined && !bound(conjuncts, isOfResource)
      ? `permits ${[...actions].join(', ')} on every ${actions.has('assume') && actions.size === 1 ? 'role' : 'resource'}`
      : undefined,
);

const bySession = ruleOfEach(
  {
    id: 'policy/by-session',
    severity: 'error',
    title: 'a permit that depends on the session name',
    why: 'A caller that assumes an IAM role chooses the session name, so everybody who knows the name can satisfy the condition.',
    instead: 'Restrict the principal with its ARN or with an attribute from workloads.yaml.',
    failing: cedarExample(`@id("deploy-session-reads-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource == Resource::"orders-db/shipments"
)
when { context.audience == "orders-db" && principal has session && principal.session == "deploy" };
`),
    passing: NARROW_READ,
  },
  ({ bundled, conjuncts }) =>
    bundled.effect === 'permit' && conjuncts.some((conjunct) => reads(conjunct, 'principal.session'))
      ? 'depends on principal.session, which the caller chooses'
      : undefined,
);

const noAudience = ruleOfEach(
  {
    id: 'policy/no-audience',
    severity: 'warning',
    title: 'a permit for any audience',
    why: 'A workload can get a token for any resource server that has a location of that name.',
    instead: 'Name the resource server: `when { context.audience == "orders-db" }`.',
    failing: cedarExample(`@id("orders-service-reads-shipments")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"read",
  resource == Resource::"orders-db/shipments"
);
`),
    passing: NARROW_READ,
  },
  ({ bundled, actions, conjuncts }) =>
    bundled.effect === 'permit' &&
    [...actions].some((action) => action !== 'assume') &&
    !bound(conjuncts, (path) => path === 'context.audience')
      ? 'permits for every audience'
      : undefined,
);

/** The rules about permits that are too broad. */
export const breadthRules: readonly PolicyRule[] = [anyPrincipal, anyAction, anyResource, bySession, noAudience];
