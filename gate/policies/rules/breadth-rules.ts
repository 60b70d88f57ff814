import { bound, reads } from '../conditions.ts';
import { cedarExample, NARROW_READ, type PolicyRule, ruleOfEach } from '../rule.ts';

/** Chosen by the caller; one of two, which everybody is; and what somebody in any account can call a role. */
const BOUNDS_NOBODY = ['session', 'kind', 'name'];

function isVouchedFor(path: string): boolean {
  const [variable, attribute = ''] = path.split('.');
  return variable === 'principal' && !BOUNDS_NOBODY.includes(attribute);
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
      'IAM lets every workload of the trusted accounts call the machine: what is permitted to any principal is theirs, ' +
      'and that of whoever takes one of them over.',
    instead:
      'Name the principal, or bound it by what AWS or workloads.yaml vouches for: `principal.account == "111122223333"`, ' +
      '`principal has team && principal.team == "orders"`. A name, `principal.name like "orders-*"`, bounds nobody ' +
      'without one of these: every account can have it.',
    failing: cedarExample(`@id("all-read-prices")
permit (principal, action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" };
`),
    passing: cedarExample(`@id("orders-team-reads-prices")
permit (principal, action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" && principal has team && principal.team == "orders" };
`),
  },
  ({ bundled, conjuncts }) =>
    bundled.effect === 'permit' && bundled.principal === undefined && !bound(conjuncts, isVouchedFor)
      ? 'permits to every workload that IAM lets call the machine'
      : undefined,
);

const anyAction = ruleOfEach(
  {
    id: 'policy/any-action',
    severity: 'error',
    title: 'a permit for every action',
    why: 'Who was to read can write too, and will have each action that the schema gets later.',
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
    why: 'It reaches every resource of every team, those that do not exist yet too.',
    instead:
      'Name the resource, `resource in Resource::"orders-db"`, or bound it by what resources.yaml says: ' +
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
    title: 'a permit by the name of a session',
    why: 'Whoever may assume an IAM role chooses the name of the session: the condition holds for everybody who knows it.',
    instead: 'Bound the principal by its ARN or by an attribute of workloads.yaml.',
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
      ? 'permits by principal.session, which the caller chooses'
      : undefined,
);

const noAudience = ruleOfEach(
  {
    id: 'policy/no-audience',
    severity: 'warning',
    title: 'a permit for any audience',
    why: 'A token can then be made for any resource server that knows the location by that name.',
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
    (actions.has('read') || actions.has('write')) &&
    !bound(conjuncts, (path) => path === 'context.audience')
      ? 'permits for every audience'
      : undefined,
);

/** Rules about what a permit leaves open. */
export const breadthRules: readonly PolicyRule[] = [anyPrincipal, anyAction, anyResource, bySession, noAudience];
