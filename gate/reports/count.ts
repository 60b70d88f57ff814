import type { Finding } from '../model/finding.ts';
import { ruleOf } from '../rules.ts';

/** Counts the errors and the warnings. */
export function count(findings: readonly Finding[]): { errors: number; warnings: number } {
  const errors = findings.filter(({ rule }) => ruleOf(rule).severity === 'error').length;
  return { errors, warnings: findings.length - errors };
}
