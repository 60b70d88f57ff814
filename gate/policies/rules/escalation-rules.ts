import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import type { Thing } from '../evaluate.ts';
import { couldReach } from '../location-template.ts';
import { cedarExample, type PolicyRule } from '../rule.ts';
import { place, role } from '../situation.ts';

/** What `classification` says of a place that holds the policies, or what the machine trusts. */
const GUARDED = ['policy', 'trust'];

const selfEscalation: PolicyRule = {
  id: 'policy/self-escalation',
  severity: 'error',
  needsEveryFile: true,
  title: 'writing the policies, or what they trust, with a token',
  why: 'Whoever writes there gives themselves everything else: the policy that permits it is as broad as all of them.',
  instead:
    'Change policies by review and deployment alone, and forbid it in ceiling.cedar: `forbid (principal, action == ' +
    'Action::"write", resource) when { resource has classification && resource.classification == "policy" };`.',
  failing: cedarExample(`@id("orders-service-writes-policies")
@max_lifetime("5m")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"write",
  resource in Resource::"policy-repository/orders"
)
when { context.audience == "repositories" };
`),
  passing: cedarExample(`@id("orders-service-writes-its-code")
@max_lifetime("5m")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-service",
  action == Action::"write",
  resource in Resource::"repositories/orders"
)
when { context.audience == "repositories" };
`),
  *check(directory) {
    const guarded = Object.keys(directory.content.resources)
      .filter((location) => isGuarded(place(directory.content, location)))
      .map((location) => place(directory.content, location));
    if (guarded.length === 0) return;
    const roles = rolesThatWrite(directory, guarded);
    for (const policy of directory.policies) {
      if (policy.bundled.effect !== 'permit') continue;
      const principal = directory.principalOf(policy);
      const writes = (resource: Thing) => may(directory, policy, { principal, action: 'write', resource });
      const written = policy.actions.has('write') && directory.placesOf(policy).filter(isGuarded).find(writes);
      if (written) {
        const message = `"${policy.id}" permits to write ${written.id}, which holds ${holding(written)}`;
        yield { policy, message };
        continue;
      }
      if (!policy.actions.has('assume')) continue;
      const taken = roles.find(({ name }) =>
        may(directory, policy, { principal, action: 'assume', resource: role(name) }),
      );
      if (taken === undefined) continue;
      const what = `which writes ${taken.location}, and so ${holding(taken.place)}`;
      yield { policy, message: `"${policy.id}" permits to take the role "${taken.name}", ${what}` };
    }
  },
};

function isGuarded(thing: Thing): boolean {
  return GUARDED.includes(String(thing.attribute('classification')));
}

function holding(thing: Thing): string {
  return thing.attribute('classification') === 'policy' ? 'policies' : 'what policies trust';
}

function may(
  directory: PolicyDirectory,
  policy: PolicyView,
  asked: { principal: Thing; action: string; resource: Thing },
): boolean {
  const situation = { ...asked, assumed: policy.assumed };
  return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
}

/** The roles with a grant to write a guarded place, whatever their templates are filled with. */
function rolesThatWrite({ content }: PolicyDirectory, guarded: readonly Thing[]) {
  return Object.entries(content.roles).flatMap(([name, { authorizationDetails }]) => {
    const written = authorizationDetails.filter(({ actions }) => actions.includes('write'));
    for (const location of written.flatMap(({ locations }) => locations)) {
      const found = /[{}]/.test(location)
        ? guarded.find(({ id = '' }) => couldReach(location, id))
        : exact(content, location, guarded);
      if (found !== undefined) return [{ name, location, place: found }];
    }
    return [];
  });
}

function exact(content: PolicyDirectory['content'], location: string, guarded: readonly Thing[]): Thing | undefined {
  const root = subtreeRoot(location) ?? location;
  const itself = place(content, root);
  if (isGuarded(itself)) return itself;
  return root === location ? undefined : guarded.find((thing) => thing.isIn({ type: 'Resource', id: root }));
}

/** Rules about giving oneself more. */
export const escalationRules: readonly PolicyRule[] = [selfEscalation];
