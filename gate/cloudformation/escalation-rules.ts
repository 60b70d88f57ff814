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
  title: 'a policy that allows privilege escalation',
  why: 'Who may pass or assume any role, or change any policy, key, trust or function, can get the permissions of all of them.',
  instead:
    'Name the roles, policies or functions in `Resource`. Restrict `iam:PassRole` with `iam:PassedToService`, and policies with `iam:PermissionsBoundary`.',
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
        // Other rules find every action, and every action of a service on every resource.
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

/** The property with the managed policies, by resource type. */
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
  title: 'an AWS managed policy for administrators',
  why: 'With AdministratorAccess, PowerUserAccess or IAMFullAccess, an attacker who takes over the workload controls the account.',
  instead: 'Attach a policy that names the actions that the workload calls.',
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

/** The rules about privilege escalation. */
export const escalationRules = [privilegeEscalation, administratorPolicy];
