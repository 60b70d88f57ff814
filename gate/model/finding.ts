/** A file to check: its name, for messages, and its text. */
export interface SourceFile {
  name: string;
  text: string;
  /** Set if the file was found in a directory and not named. Such a file is ignored if it is not a manifest. */
  found?: true;
}

/** A violation of a rule at a line of a file. */
export interface Finding {
  /** The rule's id, such as `kubernetes/privileged-container`. */
  rule: string;
  file: string;
  /** The line number, starting at 1. */
  line: number;
  /** One sentence that names the object and its problem. */
  message: string;
  /** The part of the text (in characters, end exclusive) in which a suppression of this finding may be written. */
  unit?: { start: number; end: number };
}

/** The texts and properties of a rule, which all its findings share. */
export interface Rule {
  id: string;
  /** An error makes the check fail. A warning is only shown. */
  severity: 'error' | 'warning';
  /** What the rule forbids, in a few words. */
  title: string;
  /** What an attacker or a mistake can cause, in one or two sentences. */
  why: string;
  /** What to write instead, in one or two sentences. */
  instead: string;
  /** A minimal file that violates the rule, and its corrected form. */
  failing: SourceFile;
  passing: SourceFile;
}
