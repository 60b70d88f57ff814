import { accessRules } from './access-rules.ts';
import type { CloudFormationRule } from './check.ts';
import { escalationRules } from './escalation-rules.ts';
import { permissionRules } from './permission-rules.ts';
import { userRules } from './user-rules.ts';

/** All rules about the resources of CloudFormation templates. */
export const cloudFormationRules: readonly CloudFormationRule[] = [
  ...permissionRules,
  ...escalationRules,
  ...accessRules,
  ...userRules,
];
