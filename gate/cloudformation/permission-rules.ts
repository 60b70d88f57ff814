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
  why: 'Every action of every service, giving itself more among them: who gets hold of it has what it is attached to.',
  instead: 'Name the actions that are called, as in `s3:GetObject`.',
  failing: identityPolicy(['Effect: Allow', "Action: '*'", "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ actions }) =>
    actions.some(isEveryAction) ? [{ key: 'Action', problem: 'allows every action' }] : [],
  ),
};

const serviceWidePermission: CloudFormationRule = {
  id: 'cloudformation/service-wide-permission',
  severity: 'error',
  title: 'a policy that allows all of a service',
  why: 'Every action on every resource of the service: other teams’ data too, and deleting it.',
  instead: 'Name the actions that are called and the ARNs they are called on.',
  failing: identityPolicy(['Effect: Allow', 'Action: s3:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, actions, resources }) => {
    if (kind !== 'identity') return [];
    return resources.flatMap((resource) => {
      const services = actions.filter((action) => {
        if (!isWholeService(action)) return false;
        const service = serviceOf(action);
        // Becoming another by all of a type is found by a rule of its own.
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
  title: 'a policy that changes any resource',
  why: 'The action reaches every resource of the account, not only those of this workload.',
  instead: 'Name the resources in `Resource`, or what they must be tagged with in a `Condition`.',
  failing: identityPolicy(['Effect: Allow', 'Action: [dynamodb:PutItem, kms:Decrypt]', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ kind, value, actions, resources }) => {
    // What a condition asks is weighed by no rule: it may well be the name of the resource.
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
  title: 'a policy that allows all but what it names',
  why: 'With `NotAction`, `NotResource` or `NotPrincipal` an Allow takes in whatever AWS adds, and whatever was forgotten.',
  instead: 'Say what is allowed in `Action`, `Resource` and `Principal`; take the `Not…` forms for `Deny` only.',
  failing: identityPolicy(['Effect: Allow', 'NotAction: iam:*', "Resource: '*'"]),
  passing: NAMED,
  check: eachAllowing(({ value }) =>
    ['NotAction', 'NotResource', 'NotPrincipal']
      .filter((key) => value[key] !== undefined)
      .map((key) => ({ key, problem: `allows all but what its ${key} names` })),
  ),
};

/** Whether a resource is any, to be written to. That a function writes any log is what AWS's own policy for it says. */
function reaches(resource: string, service: string): boolean {
  return isEverything(resource) || (service !== 'logs' && isAnyOfService(resource, service));
}

function called(resource: string): string {
  return resource === '*' ? 'every resource' : resource;
}

/** What a policy may permit. */
export const permissionRules = [allActions, serviceWidePermission, writeOnAnyResource, negatedPermission];
