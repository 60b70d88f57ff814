import type { Finding, Rule } from '../model/finding.ts';
import { ruleOf } from '../rules.ts';
import { count } from './count.ts';

/** What `--format json` writes. Members are added, none changes or goes, while `version` is 1. */
export interface JsonReport {
  version: 1;
  errors: number;
  warnings: number;
  /** By file, then by line. */
  findings: JsonFinding[];
}

/** A finding with its rule's severity and words. */
export type JsonFinding = Pick<Finding, 'file' | 'line' | 'rule' | 'message'> &
  Pick<Rule, 'severity' | 'title' | 'why' | 'instead'>;

/** Findings for a program. */
export function jsonReport(findings: readonly Finding[]): string {
  const report: JsonReport = {
    version: 1,
    ...count(findings),
    findings: findings.map(({ file, line, rule, message }) => {
      const { severity, title, why, instead } = ruleOf(rule);
      return { file, line, severity, rule, message, title, why, instead };
    }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
