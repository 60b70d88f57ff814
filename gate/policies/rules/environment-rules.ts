import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { Thing } from '@tvm/core/policy/partial-evaluation.ts';
import { reads } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { cedarExample, listed, type PolicyRule } from '../rule.ts';
import { workload } from '../situation.ts';

const SAME_ENVIRONMENT = cedarExample(`@id("orders-team-reads-orders")
permit (principal, action == Action::"read", resource in Resource::"orders-db/orders")
when {
  context.audience == "orders-db" &&
  principal has team && principal.team == "orders" &&
  principal has environment && resource has environment && principal.environment == resource.environment
};
`);

const crossEnvironment: PolicyRule = {
  id: 'policy/cross-environment',
  severity: 'error',
  needsEveryFile: true,
  title: 'access from one environment to a resource in another',
  why: 'A workload in a test environment, or an attacker who takes it over, can reach production.',
  instead: 'Permit a workload of the same environment, or correct the environment in workloads.yaml or resources.yaml.',
  failing: cedarExample(`@id("orders-tests-read-orders")
permit (
  principal == Workload::"arn:aws:iam::111122223333:role/orders-tests",
  action == Action::"read",
  resource in Resource::"orders-db/orders"
)
when { context.audience == "orders-db" };
`),
  passing: SAME_ENVIRONMENT,
  *check(directory) {
    for (const policy of permitsOnPlaces(directory)) {
      if (policy.principal === undefined) continue;
      const principal = directory.principalOf(policy);
      const environment = policy.assumed.get('principal.environment') ?? principal.attribute('environment');
      if (typeof environment !== 'string') continue;
      const crossed = reached(directory, policy, principal, placesWithEnvironment(directory, policy)).filter(
        (resource) => environmentOf(resource) !== environment,
      );
      const [first] = crossed;
      if (first === undefined) continue;
      const ids = crossed.map(({ id }) => id ?? '');
      const topmost = ids.filter((id) => !ids.includes(subtreeRoot(id) ?? ''));
      const what = `${listed(topmost)} (${environmentOf(first)})`;
      yield { policy, message: `"${policy.id}" permits ${policy.principal} (${environment}) to access ${what}` };
    }
  },
};

const mayCross: PolicyRule = {
  id: 'policy/may-cross-environments',
  severity: 'warning',
  needsEveryFile: true,
  title: 'a permit that does not restrict the workload’s environment',
  why: 'The permit applies to workloads in another environment than that of the resource.',
  instead:
    'Add `principal has environment && principal.environment == "production"`, or require that the environments of ' +
    '`principal` and `resource` are equal.',
  failing: cedarExample(`@id("orders-team-reads-orders")
permit (principal, action == Action::"read", resource in Resource::"orders-db/orders")
when { context.audience == "orders-db" && principal has team && principal.team == "orders" };
`),
  passing: SAME_ENVIRONMENT,
  *check(directory) {
    const known = Object.entries(directory.content.workloads).filter(
      ([, { environment }]) => typeof environment === 'string',
    );
    const classes = new Map<string, Thing[]>();
    for (const policy of permitsOnPlaces(directory)) {
      if (policy.principal !== undefined) continue;
      if (policy.conjuncts.some((conjunct) => reads(conjunct, 'principal.environment'))) continue;
      const candidates = placesWithEnvironment(directory, policy);
      if (candidates.length === 0) continue;
      // One workload represents all that the policy cannot distinguish.
      const distinguishing = [...policy.facts.reads, 'environment'].sort();
      const named = new Set(policy.facts.named.Workload);
      const key = JSON.stringify([distinguishing, [...named].sort()]);
      let workloads = classes.get(key);
      if (workloads === undefined) {
        const alike = new Map(
          known.map(([arn, attributes]) => {
            const thing = workload(directory.content, arn);
            const seen = distinguishing.map((name) => thing.attribute(name)).map(String);
            return [JSON.stringify([seen, 'environment' in attributes, named.has(arn) && arn]), thing];
          }),
        );
        workloads = [...alike.values()];
        classes.set(key, workloads);
      }
      for (const principal of workloads) {
        const crossed = reached(directory, policy, principal, candidates).find(
          (resource) => environmentOf(resource) !== environmentOf(principal),
        );
        if (crossed === undefined) continue;
        const who = `${principal.id} (${environmentOf(principal)})`;
        const message = `"${policy.id}" may permit ${who} to access ${crossed.id} (${environmentOf(crossed)})`;
        yield { policy, message };
        break;
      }
    }
  },
};

function permitsOnPlaces({ policies }: PolicyDirectory): PolicyView[] {
  return policies.filter(
    ({ bundled, actions }) => bundled.effect === 'permit' && [...actions].some((action) => action !== 'assume'),
  );
}

function environmentOf(thing: Thing): string | undefined {
  const environment = thing.attribute('environment');
  return typeof environment === 'string' ? environment : undefined;
}

/** Returns the locations of a policy that have an environment. */
function placesWithEnvironment(directory: PolicyDirectory, policy: PolicyView): readonly Thing[] {
  return directory.placesOf(policy).filter((thing) => environmentOf(thing) !== undefined);
}

/** Returns the locations that a policy may permit a workload to access. */
function reached(
  directory: PolicyDirectory,
  policy: PolicyView,
  principal: Thing,
  places: readonly Thing[],
): readonly Thing[] {
  return places.filter((resource) =>
    [...policy.actions].some((action) => {
      const situation = { principal, action, resource, assumed: policy.assumed };
      return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
    }),
  );
}

/** The rules about environments. */
export const environmentRules: readonly PolicyRule[] = [crossEnvironment, mayCross];
