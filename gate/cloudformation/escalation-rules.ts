import { isEveryAction, isWholeService, serviceOf } from './actions.ts';
import { byResource, type CloudFormationRule, eachAllowing } from './check.ts';
import { restricts } from './conditions.ts';
import { bindsEscalation, escalations } from './escalation-actions.ts';
import { identityPolicy } from './examples.ts';
import { reachOf } from './patterns.ts';

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
    const reach = reachOf(resources);
    // Other rules find every action, and every action of a service on every resource.
    const broad = (action: string) =>
      isWholeService(action) && reach.ofService(serviceOf(action)).length > 0 ? [] : escalations(action, reach);
    return byResource(
      actions.filter((action) => !isEveryAction(action)),
      broad,
    ).map(({ actions, resource }) => ({ key: 'Action', problem: `allows ${actions} on ${resource}` }));
  }),
};

/** The rules about privilege escalation. */
export const escalationRules = [privilegeEscalation];
