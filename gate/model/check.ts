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
  /** Whether the file, or a document in it, was not checked, because it is not a manifest or cannot be read. */
  unjudged?: boolean;
}

/** The result of a check. */
export interface CheckResult {
  findings: Finding[];
  /** The number of files. */
  files: number;
  /** The names of the files that were not judged. */
  unjudged: string[];
}

/** The schema of a policy directory. */
export const SCHEMA_FILE = 'schema.cedarschema';

/** Reports whether a file makes its directory a policy directory: a schema or a policy. */
export function isPolicyFile({ name }: Pick<SourceFile, 'name'>): boolean {
  return name.endsWith('.cedar') || name.endsWith('.cedarschema');
}
