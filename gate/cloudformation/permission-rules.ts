import { changesWhatCouldBeNamed, isEveryAction, isWholeService, serviceOf } from './actions.ts';
import { type CloudFormationRule, eachAllowing } from './check.ts';
import { escalates } from './escalation-actions.ts';
import { identityPolicy } from './examples.ts';
import { isAnyOfAType, isAnyOfService, isEverything } from './patterns.ts';

const NAMED = identityPolicy([
  'Effect: Allow',
  'Action: s3:PutObject',
  "Resource: !Sub 'arn:${AWS::Partition}:s3:::orders/*'",
]);

const allActions: CloudFormationRule = {
  id: 'cloudformation/all-actions',
  severity: 'error',
  title: 'a policy that allows every action',
  why: 'Every action includes those that grant further permissions. An attacker who takes over the workload controls the account.',
  instead: 'Name the actions that the workload calls, as in `s3:GetObject`.',
  failing: identityPolicy(['Effect: Allow', "Action: '*'", "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ actions }) =>
    actions.some(isEveryAction) ? [{ key: 'Action', problem: 'allows every action' }] : [],
  ),
};

const serviceWidePermission: CloudFormationRule = {
  id: 'cloudformation/service-wide-permission',
  severity: 'error',
  title: 'a policy that allows every action of a service on every resource',
  why: 'The workload can read, change and delete everything in the service, including the data of other teams.',
  instead: 'Name the actions that the workload calls, and the ARNs of their resources.',
  failing: identityPolicy(['Effect: Allow', 'Action: s3:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, actions, resources }) => {
    if (kind !== 'identity') return [];
    return resources.flatMap((resource) => {
      const services = actions.filter((action) => {
        if (!isWholeService(action)) return false;
        const service = serviceOf(action);
        // Another rule finds privilege escalation with all resources of a type.
        return isAnyOfService(resource, service) || (isAnyOfAType(resource, service) && !escalates(action, resource));
      });
      return services.length === 0
        ? []
        : [{ key: 'Action', problem: `allows ${services.join(', ')} on ${called(resource)}` }];
    });
  }),
};

const writeOnAnyResource: CloudFormationRule = {
  id: 'cloudformation/write-on-any-resource',
  severity: 'warning',
  title: 'a policy that allows changes to any resource',
  why: 'The action applies to every resource of the account, not only to those of this workload.',
  instead: 'Name the resources in `Resource`, or require tags on them with a `Condition`.',
  failing: identityPolicy(['Effect: Allow', 'Action: [dynamodb:PutItem, kms:Decrypt]', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, value, actions, resources }) => {
    // Conditions are not analyzed. One may restrict the name of the resource, so a statement with a condition passes.
    if (kind !== 'identity' || value.Condition !== undefined) return [];
    return resources.flatMap((resource) => {
      const changing = actions.filter(
        (action) =>
          reaches(resource, serviceOf(action)) &&
          changesWhatCouldBeNamed(action) &&
          !isWholeService(action) &&
          !escalates(action, resource),
      );
      return changing.length === 0
        ? []
        : [{ key: 'Resource', problem: `allows ${changing.join(', ')} on ${called(resource)}` }];
    });
  }),
};

const negatedPermission: CloudFormationRule = {
  id: 'cloudformation/negated-permission',
  severity: 'error',
  title: 'a policy that allows everything except what it names',
  why: 'An Allow with `NotAction`, `NotResource` or `NotPrincipal` also includes what AWS adds later and what was forgotten.',
  instead: 'Name what is allowed in `Action`, `Resource` and `Principal`. Use the `Not…` forms only with `Deny`.',
  failing: identityPolicy(['Effect: Allow', 'NotAction: iam:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ value }) =>
    ['NotAction', 'NotResource', 'NotPrincipal']
      .filter((key) => value[key] !== undefined)
      .map((key) => ({ key, problem: `allows everything except its ${key}` })),
  ),
};

/** Reports whether a resource pattern matches too much for a write. AWS's own policy for functions allows every log. */
function reaches(resource: string, service: string): boolean {
  return isEverything(resource) || (service !== 'logs' && isAnyOfService(resource, service));
}

function called(resource: string): string {
  return resource === '*' ? 'every resource' : resource;
}

/** The rules about what a policy may allow. */
export const permissionRules = [allActions, serviceWidePermission, writeOnAnyResource, negatedPermission];
