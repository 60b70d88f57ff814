import { Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';

/**
 * Returns the values of `aws:PrincipalArn` for a role, as patterns for `ArnNotLike`.
 *
 * AWS provides the role's ARN, and emulators the ARN of the role's session. Both patterns match this role only.
 *
 * @see
 *   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
 */
export function principalArnsOf(role: Role): string[] {
  const session = { service: 'sts', region: '', resource: 'assumed-role', resourceName: `${role.roleName}/*` };
  return [role.roleArn, Stack.of(role).formatArn(session)];
}
