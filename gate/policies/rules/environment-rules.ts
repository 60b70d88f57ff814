import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { reads } from '../conditions.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import type { Thing } from '../evaluate.ts';
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
  title: 'a workload of one environment on a resource of another',
  why: 'What may change in a test environment at any time can then reach production, with whoever took it over.',
  instead: 'Permit it to a workload of the same environment, or give workloads.yaml and resources.yaml the right one.',
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
      yield { policy, message: `"${policy.id}" lets ${policy.principal} (${environment}) reach ${what}` };
    }
  },
};

const mayCross: PolicyRule = {
  id: 'policy/may-cross-environments',
  severity: 'warning',
  needsEveryFile: true,
  title: 'a permit that leaves the environment of the workload open',
  why: 'Among those whom it permits are workloads of another environment than the resource’s.',
  instead: 'Add `principal has environment && principal.environment == "production"`, or that both are the same.',
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
      // Workloads that the policy cannot tell apart are one.
      const told = [...policy.facts.reads, 'environment'].sort();
      const named = new Set(policy.facts.named.Workload);
      const key = JSON.stringify([told, [...named].sort()]);
      let workloads = classes.get(key);
      if (workloads === undefined) {
        const alike = new Map(
          known.map(([arn, attributes]) => {
            const thing = workload(directory.content, arn);
            const seen = told.map((name) => thing.attribute(name)).map(String);
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
        const message = `"${policy.id}" may let ${who} reach ${crossed.id} (${environmentOf(crossed)})`;
        yield { policy, message };
        break;
      }
    }
  },
};

function permitsOnPlaces({ policies }: PolicyDirectory): PolicyView[] {
  return policies.filter(
    ({ bundled, actions }) => bundled.effect === 'permit' && (actions.has('read') || actions.has('write')),
  );
}

function environmentOf(thing: Thing): string | undefined {
  const environment = thing.attribute('environment');
  return typeof environment === 'string' ? environment : undefined;
}

/** The places with an environment that a policy can be about. */
function placesWithEnvironment(directory: PolicyDirectory, policy: PolicyView): readonly Thing[] {
  return directory.placesOf(policy).filter((thing) => environmentOf(thing) !== undefined);
}

/** The places that a workload may reach by a policy, whatever else a request says. */
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

/** Rules about environments. */
export const environmentRules: readonly PolicyRule[] = [crossEnvironment, mayCross];
