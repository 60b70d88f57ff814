import { isEveryAction, isWholeService, serviceOf } from './actions.ts';
import { type CloudFormationRule, eachAllowing } from './check.ts';
import { restricts } from './conditions.ts';
import { bindsEscalation, escalates } from './escalation-actions.ts';
import { identityPolicy, template } from './examples.ts';
import { alternatives, resolveText } from './intrinsics.ts';
import { isAnyOfService } from './patterns.ts';

const privilegeEscalation: CloudFormationRule = {
  id: 'cloudformation/privilege-escalation',
  severity: 'error',
  title: 'a policy by which a workload becomes another',
  why: 'Passing or taking on any role, rewriting any policy, key, trust or function: whoever has this has everything that any of them has.',
  instead:
    'Name the roles, policies or functions in `Resource`; bind `iam:PassRole` by `iam:PassedToService`, and policies by `iam:PermissionsBoundary`.',
  failing: identityPolicy(['Effect: Allow', 'Action: iam:PassRole', "Resource: '*'"]),
  passing: identityPolicy([
    'Effect: Allow',
    'Action: iam:PassRole',
    "Resource: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/orders-task'",
  ]),
  check: eachAllowing(({ kind, value, actions, resources }) => {
    if (kind !== 'identity' || restricts(value.Condition, bindsEscalation)) return [];
    return resources.flatMap((resource) => {
      const escalating = actions.filter(
        // All of everything, and all of a service on everything, are found by rules of their own.
        (action) =>
          escalates(action, resource) &&
          !isEveryAction(action) &&
          !(isWholeService(action) && isAnyOfService(resource, serviceOf(action))),
      );
      return escalating.length === 0
        ? []
        : [{ key: 'Action', problem: `allows ${escalating.join(', ')} on ${resource}` }];
    });
  }),
};

const ADMINISTRATORS = /(?:^|:policy\/|^\/)(?:job-function\/)?(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;

/** Where managed policies are attached. */
const ATTACHED: Record<string, string> = {
  'AWS::IAM::Role': 'ManagedPolicyArns',
  'AWS::IAM::User': 'ManagedPolicyArns',
  'AWS::IAM::Group': 'ManagedPolicyArns',
  'AWS::SSO::PermissionSet': 'ManagedPolicies',
  'AWS::Serverless::Function': 'Policies',
  'AWS::Serverless::StateMachine': 'Policies',
};

const administratorPolicy: CloudFormationRule = {
  id: 'cloudformation/administrator-policy',
  severity: 'error',
  title: 'AWS’s policy for administrators on a workload',
  why: 'AdministratorAccess, PowerUserAccess and IAMFullAccess make whoever takes the role over master of the account.',
  instead: 'Attach a policy that names what the workload calls.',
  failing: template('AWS::IAM::Group', ['ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]']),
  passing: template('AWS::IAM::Group', ['ManagedPolicyArns: [arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess]']),
  check: ({ type, title, properties }) => {
    const key = Object.hasOwn(ATTACHED, type) ? ATTACHED[type] : undefined;
    if (key === undefined) return [];
    return alternatives(properties[key]).flatMap((arn) => {
      const name = ADMINISTRATORS.exec(resolveText(arn))?.[1];
      return name === undefined ? [] : [{ in: properties, key, message: `${title} has the policy ${name}` }];
    });
  },
};

/** How a workload may not come to more. */
export const escalationRules = [privilegeEscalation, administratorPolicy];
