import type { Finding } from '../model/finding.ts';
import { ruleOf } from '../rules.ts';

/** How many findings are errors, and how many warnings. */
export function count(findings: readonly Finding[]): { errors: number; warnings: number } {
  const errors = findings.filter(({ rule }) => ruleOf(rule).severity === 'error').length;
  return { errors, warnings: findings.length - errors };
}
