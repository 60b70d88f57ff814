import { accessRules } from './access-rules.ts';
import type { CloudFormationRule } from './check.ts';
import { escalationRules } from './escalation-rules.ts';
import { managedPolicyRules } from './managed-policies.ts';
import { unauthenticatedAccess } from './open-access.ts';
import { permissionRules } from './permission-rules.ts';
import { userRules } from './user-rules.ts';

/** All rules about the resources of CloudFormation templates. */
export const cloudFormationRules: readonly CloudFormationRule[] = [
  ...permissionRules,
  ...escalationRules,
  ...managedPolicyRules,
  ...accessRules,
  unauthenticatedAccess,
  ...userRules,
];
