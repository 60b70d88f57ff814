import type { PolicyRule } from './rule.ts';
import { breadthRules } from './rules/breadth-rules.ts';
import { contradictionRules } from './rules/contradiction-rules.ts';
import { environmentRules } from './rules/environment-rules.ts';
import { escalationRules } from './rules/escalation-rules.ts';
import { limitRules } from './rules/limit-rules.ts';
import { roleRules } from './rules/role-rules.ts';
import { trustRules } from './rules/trust-rules.ts';
import { unusedRules } from './rules/unused-rules.ts';
import { writeRules } from './rules/write-rules.ts';

/** All rules about the content of valid policies. Their findings can be suppressed. */
export const policyRules: readonly PolicyRule[] = [
  ...breadthRules,
  ...writeRules,
  ...environmentRules,
  ...escalationRules,
  ...contradictionRules,
  ...limitRules,
  ...roleRules,
  ...trustRules,
  ...unusedRules,
];
