import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import type { RoleDefinition } from '@tvm/core/policy/bundle.ts';
import { takeRole } from '@tvm/core/policy/roles.ts';
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

const untakeable: PolicyRule = {
  id: 'policy/role-nobody-takes',
  severity: 'error',
  needsEveryFile: true,
  title: 'a role that no policy lets anybody take',
  why: 'Whoever asks for it is refused; most often the role has another name in the policy.',
  instead: 'Permit `action == Action::"assume"` on `resource == Role::"…"`, or delete the role.',
  failing: roles(`deployer:
  authorization_details:
    - { locations: [orders-db/orders], actions: [read] }
`),
  passing: roles(''),
  *check(directory) {
    for (const name of Object.keys(directory.content.roles)) {
      if (takers(directory, name).length > 0) continue;
      yield { file: 'roles.yaml', entry: [name], message: `no policy lets anybody take the role "${name}"` };
    }
  },
};

const deadGrant: PolicyRule = {
  id: 'policy/role-grant-nobody-has',
  severity: 'error',
  needsEveryFile: true,
  title: 'a grant of a role that nobody who may take the role is permitted',
  why: 'To take a role permits none of its grants: a policy must permit each. Without one, the whole role is refused.',
  instead: 'Permit it to those who may take the role, or delete it from the role.',
  failing: roles(`    - { locations: [orders-db/shipments], actions: [write] }
`),
  passing: roles(''),
  *check(directory) {
    for (const [name, definition] of Object.entries(directory.content.roles)) {
      const by = takers(directory, name);
      if (by.length === 0) continue;
      const dead = pairsOf(definition).filter(
        ({ entry, action, index }) => !by.some((taker) => permitted(directory, name, taker, entry, index, action)),
      );
      if (dead.length === 0) continue;
      const what = listed(dead.map(({ action, location }) => `${action} ${location}`));
      const message = `nobody who may take the role "${name}" is permitted to ${what}`;
      yield { file: 'roles.yaml', entry: [name], message };
    }
  },
};

/** The permits by which somebody may take a role. */
function takers(directory: PolicyDirectory, name: string): PolicyView[] {
  const resource = role(name);
  return directory.about('permit', { type: 'Role', id: name }).filter((policy) => {
    const principal = directory.principalOf(policy);
    const situation = { principal, action: 'assume', resource, assumed: policy.assumed };
    return directory.matches(policy, situation) !== false && directory.forbidding(situation) === undefined;
  });
}

/** Each pair of a role, with where it stands. */
function pairsOf({ authorizationDetails }: RoleDefinition) {
  return authorizationDetails.flatMap(({ locations, actions }, entry) =>
    locations.flatMap((location, index) => actions.map((action) => ({ entry, index, location, action }))),
  );
}

/** Whether somebody who takes a role by a policy may be permitted a pair of it. */
function permitted(
  directory: PolicyDirectory,
  name: string,
  taker: PolicyView,
  entry: number,
  index: number,
  action: string,
): boolean {
  const written = directory.content.roles[name]?.authorizationDetails[entry]?.locations[index] ?? '';
  const templated = written.includes('{');
  const workload = taker.principal === undefined ? undefined : parseWorkloadArn(taker.principal);
  if (templated && workload === undefined) {
    // Whose attributes fill it in is open: any permit that may concern one of its locations will do.
    return directory.policies.some(
      ({ bundled, actions, resource }) =>
        bundled.effect === 'permit' &&
        [...actions].includes(action as 'read') &&
        (resource === undefined ||
          (resource.type === 'Resource' &&
            [resource.id, ...directory.placesIn(resource.id)].some((place) => couldReach(written, place)))),
    );
  }
  let location = written;
  if (templated && workload !== undefined) {
    const taken = takeRole({ hash: '', ...directory.content }, name, workload);
    // Locations that are filled in alike are one: then the first of them is as good.
    if (taken.kind === 'taken') location = taken.authorizationDetails[entry]?.locations[index] ?? written;
    else return false;
  }
  const root = subtreeRoot(location);
  const resource = place(directory.content, root === undefined ? location : `${root}/*`);
  const principal = directory.principalOf(taker);
  return directory.about('permit', { type: 'Resource', id: resource.id ?? '' }).some((permit) => {
    // One request has one context: what the role asks of it, its grants have to live with.
    const assumed = new Map([...permit.assumed, ...taker.assumed]);
    const situation = { principal, action, resource, assumed };
    return directory.matches(permit, situation) !== false && directory.forbidding(situation) === undefined;
  });
}

/** Rules about roles. */
export const roleRules: readonly PolicyRule[] = [untakeable, deadGrant];
