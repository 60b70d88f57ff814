import { changesWhatCouldBeNamed, isWholeService } from './actions.ts';
import { type CloudFormationRule, eachAllowing } from './check.ts';
import { isEscalation } from './escalation-actions.ts';
import { identityPolicy } from './examples.ts';

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
    actions.some((action) => /^\*+(?::\*+)?$/.test(action)) ? [{ key: 'Action', problem: 'allows every action' }] : [],
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
    if (kind !== 'identity' || !resources.includes('*')) return [];
    const services = actions.filter(isWholeService);
    return services.length === 0 ? [] : [{ key: 'Action', problem: `allows ${services.join(', ')} on every resource` }];
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
    if (kind !== 'identity' || !resources.includes('*') || value.Condition !== undefined) return [];
    const changing = actions.filter(
      (action) => changesWhatCouldBeNamed(action) && !isWholeService(action) && !isEscalation(action),
    );
    return changing.length === 0
      ? []
      : [{ key: 'Resource', problem: `allows ${changing.join(', ')} on every resource` }];
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

/** What a policy may permit. */
export const permissionRules = [allActions, serviceWidePermission, writeOnAnyResource, negatedPermission];
