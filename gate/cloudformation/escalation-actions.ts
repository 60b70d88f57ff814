import { matchesPattern } from './actions.ts';
import type { Reach } from './patterns.ts';

/**
 * Actions with which a workload can assume or change another identity if the resource is a wildcard, with the type of
 * their resources.
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

/** Condition keys that restrict such an action to certain policies, roles or services. */
const BINDING = ['iam:passedtoservice', 'iam:associatedresourcearn', 'iam:permissionsboundary', 'iam:policyarn'];

/** Reports whether a condition key, in lower case, restricts such an action. */
export function bindsEscalation(key: string): boolean {
  return BINDING.includes(key) || /^(?:iam|aws):resourcetag\//.test(key) || key === 'aws:resourceorgid';
}

/** Returns the resource patterns on which an action pattern allows such an action for every resource of its type. */
export function escalations(action: string, reach: Reach): readonly string[] {
  const found = Object.entries(ESCALATIONS).flatMap(([escalation, type]) => {
    if (!matchesPattern(action, escalation)) return [];
    // The resource of `sts:AssumeRole` is a role, whose ARN belongs to the service `iam`.
    return reach.ofType(escalation.startsWith('lambda:') ? 'lambda' : 'iam', type);
  });
  return [...new Set(found)];
}
