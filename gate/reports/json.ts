import type { CheckResult } from '../model/check.ts';
import type { Finding, Rule } from '../model/finding.ts';
import { ruleOf } from '../rules.ts';
import { count } from './count.ts';

/** The output of `--format json`. While `version` is 1, members may be added, but none is changed or removed. */
export interface JsonReport {
  version: 1;
  errors: number;
  warnings: number;
  /** The number of files, and how many of them were judged. */
  files: number;
  judged: number;
  /** The files that were not judged, because they are not manifests or cannot be read. */
  unjudged: string[];
  /** Sorted by file, then by line. */
  findings: JsonFinding[];
}

/** A finding with the severity and texts of its rule. */
export type JsonFinding = Pick<Finding, 'file' | 'line' | 'rule' | 'message'> &
  Pick<Rule, 'severity' | 'title' | 'why' | 'instead'>;

/** Formats findings as JSON. */
export function jsonReport({ findings, files, unjudged }: CheckResult): string {
  const report: JsonReport = {
    version: 1,
    ...count(findings),
    files,
    judged: files - unjudged.length,
    unjudged,
    findings: findings.map(({ file, line, rule, message }) => {
      const { severity, title, why, instead } = ruleOf(rule);
      return { file, line, severity, rule, message, title, why, instead };
    }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
