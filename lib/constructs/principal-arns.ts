import { Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';

/**
 * What `aws:PrincipalArn` may read when a role acts, as patterns for `ArnNotLike`.
 *
 * AWS states the role's ARN there, the emulator that of the role's session; both mean this role and nobody else.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
 */
export function principalArnsOf(role: Role): string[] {
  const session = { service: 'sts', region: '', resource: 'assumed-role', resourceName: `${role.roleName}/*` };
  return [role.roleArn, Stack.of(role).formatArn(session)];
}
