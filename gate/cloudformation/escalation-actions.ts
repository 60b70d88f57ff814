import { matchesPattern } from './actions.ts';

/**
 * Actions by which a workload becomes, or rewrites, another one, where the resource is any.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
const ESCALATIONS = [
  'iam:AddUserToGroup',
  'iam:AttachGroupPolicy',
  'iam:AttachRolePolicy',
  'iam:AttachUserPolicy',
  'iam:CreateAccessKey',
  'iam:CreateLoginProfile',
  'iam:CreatePolicyVersion',
  'iam:DeleteRolePermissionsBoundary',
  'iam:DeleteUserPermissionsBoundary',
  'iam:PassRole',
  'iam:PutGroupPolicy',
  'iam:PutRolePolicy',
  'iam:PutUserPolicy',
  'iam:SetDefaultPolicyVersion',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateLoginProfile',
  'lambda:UpdateFunctionCode',
  'sts:AssumeRole',
];

/** Keys that bind such an action to what may be given, passed or taken. */
const BINDING = ['iam:passedtoservice', 'iam:associatedresourcearn', 'iam:permissionsboundary', 'iam:policyarn'];

/** Whether an action, or pattern of actions, holds one by which a workload becomes another. */
export function isEscalation(action: string): boolean {
  return ESCALATIONS.some((escalation) => matchesPattern(action, escalation));
}

/** Whether a condition's key, in lower case, binds such an action. */
export function bindsEscalation(key: string): boolean {
  return BINDING.includes(key) || /^(?:iam|aws):resourcetag\//.test(key) || key === 'aws:resourceorgid';
}

/** Whether a resource is every role, user, policy or function, or everything. */
export function isAnyOfItsKind(resource: string): boolean {
  return (
    /^\*+$/.test(resource) ||
    /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(?:\*|(?:role|user|group|policy)\/\*+|function:\*+)$/.test(resource)
  );
}
