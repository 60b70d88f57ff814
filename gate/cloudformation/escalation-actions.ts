import { matchesPattern } from './actions.ts';
import { ANY_NAME, isAny } from './patterns.ts';

/**
 * Actions by which a workload becomes, or rewrites, another one, where the resource is any, and what they are on.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
const ESCALATIONS: Record<string, string> = {
  'iam:AddUserToGroup': 'group/',
  'iam:AttachGroupPolicy': 'group/',
  'iam:AttachRolePolicy': 'role/',
  'iam:AttachUserPolicy': 'user/',
  'iam:CreateAccessKey': 'user/',
  'iam:CreateLoginProfile': 'user/',
  'iam:CreatePolicyVersion': 'policy/',
  'iam:DeleteRolePermissionsBoundary': 'role/',
  'iam:DeleteUserPermissionsBoundary': 'user/',
  'iam:PassRole': 'role/',
  'iam:PutGroupPolicy': 'group/',
  'iam:PutRolePolicy': 'role/',
  'iam:PutUserPolicy': 'user/',
  'iam:SetDefaultPolicyVersion': 'policy/',
  'iam:UpdateAssumeRolePolicy': 'role/',
  'iam:UpdateLoginProfile': 'user/',
  'lambda:UpdateFunctionCode': 'function:',
  'sts:AssumeRole': 'role/',
};

/** Keys that bind such an action to what may be given, passed or taken. */
const BINDING = ['iam:passedtoservice', 'iam:associatedresourcearn', 'iam:permissionsboundary', 'iam:policyarn'];

/** Whether a condition's key, in lower case, binds such an action. */
export function bindsEscalation(key: string): boolean {
  return BINDING.includes(key) || /^(?:iam|aws):resourcetag\//.test(key) || key === 'aws:resourceorgid';
}

/** Whether an action holds such a one, and the resource is any of those it is on. */
export function escalates(action: string, resource: string): boolean {
  return Object.entries(ESCALATIONS).some(([escalation, type]) => {
    if (!matchesPattern(action, escalation)) return false;
    // A role that is taken on has an ARN of IAM too.
    const service = escalation.startsWith('lambda:') ? 'lambda' : 'iam';
    return isAny(resource, service, `${type}${ANY_NAME}`);
  });
}
