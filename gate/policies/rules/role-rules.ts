import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { RoleDefinition } from '@tvm/core/policy/bundle.ts';
import { assumeRole } from '@tvm/core/policy/roles.ts';
import type { SourceFile } from '../../model/finding.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { couldReach } from '../location-template.ts';
import { listed, type PolicyRule } from '../rule.ts';
import { place, role } from '../situation.ts';

function roles(more: string): SourceFile {
  const text = `reporter:
  authorization_details:
    - { locations: [orders-db/orders], actions: [read] }
${more}`;
  return { name: 'policies/roles.yaml', text };
}

const roleNobodyAssumes: PolicyRule = {
  id: 'policy/role-nobody-takes',
  severity: 'error',
  needsEveryFile: true,
  title: 'a role that nobody may assume',
  why: 'Every request for the role is denied. Usually the policy has another name for the role.',
  instead: 'Permit `action == Action::"assume"` on `resource == Role::"…"`, or delete the role.',
  failing: roles(`deployer:
  authorization_details:
    - { locations: [orders-db/orders], actions: [read] }
`),
  passing: roles(''),
  *check(directory) {
    for (const name of Object.keys(directory.content.roles)) {
      if (permitsToAssume(directory, name).length > 0) continue;
      yield { file: 'roles.yaml', entry: [name], message: `no policy permits anybody to assume the role "${name}"` };
    }
  },
};

const deadGrant: PolicyRule = {
  id: 'policy/role-grant-nobody-has',
  severity: 'error',
  needsEveryFile: true,
  title: 'a grant of a role that no policy permits to those who may assume the role',
  why: 'A policy must permit each grant of a role, in addition to assuming the role. Otherwise the whole role is denied.',
  instead: 'Permit the grant to those who may assume the role, or delete it from the role.',
  failing: roles(`    - { locations: [orders-db/shipments], actions: [write] }
`),
  passing: roles(''),
  *check(directory) {
    for (const [name, definition] of Object.entries(directory.content.roles)) {
      const by = permitsToAssume(directory, name);
      if (by.length === 0) continue;
      const dead = pairsOf(definition).filter(
        ({ entry, action, index }) => !by.some((permit) => permitted(directory, name, permit, entry, index, action)),
      );
      if (dead.length === 0) continue;
      const what = listed(dead.map(({ action, location }) => `${action} ${location}`));
      const message = `nobody who may assume the role "${name}" is permitted to ${what}`;
      yield { file: 'roles.yaml', entry: [name], message };
    }
  },
};

/** Returns the permits for assuming a role. */
function permitsToAssume(directory: PolicyDirectory, name: string): PolicyView[] {
  const resource = role(name);
  return directory.about('permit', { type: 'Role', id: name }).filter((policy) => {
    const principal = directory.principalOf(policy);
    const situation = { principal, action: 'assume', resource, assumed: policy.assumed };
    return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
  });
}

/** Returns the (action, location) pairs of a role with their indexes in its definition. */
function pairsOf({ authorizationDetails }: RoleDefinition) {
  return authorizationDetails.flatMap(({ locations, actions }, entry) =>
    locations.flatMap((location, index) => actions.map((action) => ({ entry, index, location, action }))),
  );
}

/** Reports whether a workload that assumes a role with a permit may be permitted one of the role's pairs. */
function permitted(
  directory: PolicyDirectory,
  name: string,
  assumePermit: PolicyView,
  entry: number,
  index: number,
  action: string,
): boolean {
  const written = directory.content.roles[name]?.authorizationDetails[entry]?.locations[index] ?? '';
  const templated = written.includes('{');
  // The claims of a federated workload are unknown, and with them the values of the template.
  const workload = assumePermit.principal === undefined ? undefined : parseWorkloadArn(assumePermit.principal);
  if (templated && workload === undefined) {
    // The workload is unknown, and with it the values of the template. Any permit that may match one of its locations counts.
    return directory.policies.some(
      ({ bundled, actions, resource }) =>
        bundled.effect === 'permit' &&
        actions.has(action) &&
        (resource === undefined ||
          (resource.type === 'Resource' &&
            [resource.id, ...directory.placesIn(resource.id)].some((place) => couldReach(written, place)))),
    );
  }
  let location = written;
  if (templated && workload !== undefined) {
    const result = assumeRole({ hash: '', ...directory.content }, name, workload);
    // Two templates may result in the same location, which is then listed only once.
    if (result.kind === 'assumed') location = result.authorizationDetails[entry]?.locations[index] ?? written;
    else return false;
  }
  const root = subtreeRoot(location);
  const resource = place(directory.content, root === undefined ? location : `${root}/*`);
  const principal = directory.principalOf(assumePermit);
  return directory.about('permit', { type: 'Resource', id: resource.id ?? '' }).some((permit) => {
    // Both decisions have the same context, so the conditions of the role apply to its grants too.
    const assumed = new Map([...permit.assumed, ...assumePermit.assumed]);
    const situation = { principal, action, resource, assumed };
    return directory.matches(permit, situation) !== false && directory.forbidding(situation) === undefined;
  });
}

/** The rules about roles. */
export const roleRules: readonly PolicyRule[] = [roleNobodyAssumes, deadGrant];
