import type { Finding, Rule, SourceFile } from './finding.ts';

/** The options that the checked repository chooses. */
export interface CheckOptions {
  /** The day of the check, as in `2026-11-22`. It determines which suppressions have expired. */
  today: string;
  /** The registries that images may come from, as in `ghcr.io/acme`. Default: any. */
  allowedRegistries?: readonly string[] | undefined;
}

/** A result of a rule: the mapping or list with the problem, the key in it, and a sentence. */
export interface Hit {
  in: object;
  key?: string | number | undefined;
  message: string;
}

/** A rule with the function that finds its violations in a `Subject`. The function accepts malformed values. */
export interface CheckedRule<Subject> extends Rule {
  check(subject: Subject, options: CheckOptions): Iterable<Hit>;
}

/** A part of a file with its own findings and suppressions, such as a Kubernetes object or a CloudFormation resource. */
export interface Unit {
  start: number;
  end: number;
}

/** The findings of a file before suppression, and the units in which suppressions may be written. */
export interface FileResult {
  file: SourceFile;
  findings: Finding[];
  units: Unit[];
}

/** The file that marks a directory as a policy directory. */
export const SCHEMA_FILE = 'schema.cedarschema';
