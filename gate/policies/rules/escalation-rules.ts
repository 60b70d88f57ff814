import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { countsAsWrite } from '@tvm/core/policy/bundle.ts';
import type { Thing } from '@tvm/core/policy/partial-evaluation.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { couldReach } from '../location-template.ts';
import { cedarExample, type PolicyRule } from '../rule.ts';
import { place, role } from '../situation.ts';

/** The values of `classification` for locations of policies, or of data that the policies trust. */
const GUARDED = ['policy', 'trust'];

const selfEscalation: PolicyRule = {
  id: 'policy/self-escalation',
  severity: 'error',
  needsEveryFile: true,
  title: 'write access to the policies or the data that they trust',
  why: 'A workload that can change the policies can give itself every other permission.',
  instead:
    'Change policies only with a review and a deployment. Forbid writes in ceiling.cedar: `forbid (principal, action == ' +
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
      const writes = (resource: Thing) =>
        policy.writes.some((action) => may(directory, policy, { principal, action, resource }));
      const written = policy.writes.length > 0 && directory.placesOf(policy).filter(isGuarded).find(writes);
      if (written) {
        const message = `"${policy.id}" permits write on ${written.id}, which contains ${contentOf(written)}`;
        yield { policy, message };
        continue;
      }
      if (!policy.actions.has('assume')) continue;
      const writable = roles.find(({ name }) =>
        may(directory, policy, { principal, action: 'assume', resource: role(name) }),
      );
      if (writable === undefined) continue;
      const what = `which can write ${contentOf(writable.place)} in ${writable.location}`;
      yield { policy, message: `"${policy.id}" permits assuming the role "${writable.name}", ${what}` };
    }
  },
};

function isGuarded(thing: Thing): boolean {
  return GUARDED.includes(String(thing.attribute('classification')));
}

function contentOf(thing: Thing): string {
  return thing.attribute('classification') === 'policy' ? 'policies' : 'data that policies trust';
}

function may(
  directory: PolicyDirectory,
  policy: PolicyView,
  request: { principal: Thing; action: string; resource: Thing },
): boolean {
  const situation = { ...request, assumed: policy.assumed };
  return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
}

/** Returns the roles with a grant to write a guarded location for some values of their templates. */
function rolesThatWrite({ content }: PolicyDirectory, guarded: readonly Thing[]) {
  return Object.entries(content.roles).flatMap(([name, { authorizationDetails }]) => {
    const written = authorizationDetails.filter(({ actions }) =>
      actions.some((action) => countsAsWrite(content, action)),
    );
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

/** The rules about privilege escalation. */
export const escalationRules: readonly PolicyRule[] = [selfEscalation];
