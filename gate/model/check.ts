import type { Finding, Rule, SourceFile } from './finding.ts';

/** What the judged repository decides for itself. */
export interface CheckOptions {
  /** The day of the check, as in `2026-11-22`: suppressions end. */
  today: string;
  /** The registries images may come from, as in `ghcr.io/acme`; without it, any. */
  allowedRegistries?: readonly string[] | undefined;
}

/** What a check found: the mapping or list at fault, the key in it, and a sentence. */
export interface Hit {
  in: object;
  key?: string | number | undefined;
  message: string;
}

/** A rule and the function that finds where it is broken in a `Subject`. It takes any value, however ill-formed. */
export interface CheckedRule<Subject> extends Rule {
  check(subject: Subject, options: CheckOptions): Iterable<Hit>;
}

/** A part of a file that is judged, and suppressed, by itself: a Kubernetes object, a CloudFormation resource. */
export interface Unit {
  start: number;
  end: number;
}

/** What was found in a file before suppressions are looked at, and the units that those may stand in. */
export interface Judgement {
  file: SourceFile;
  findings: Finding[];
  units: Unit[];
}

/** The file that makes its directory one of policies. */
export const SCHEMA_FILE = 'schema.cedarschema';
