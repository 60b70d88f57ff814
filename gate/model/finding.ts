/** A file as the gate reads it: its name, for messages, and its text. */
export interface SourceFile {
  name: string;
  text: string;
  /** Found in a directory and not named: when it is something else, there is nothing to say of it. */
  found?: true;
}

/** Something of a file that a person must look at: where, by which rule, and what exactly. */
export interface Finding {
  /** The rule's id, such as `kubernetes/privileged-container`. */
  rule: string;
  file: string;
  /** From 1. */
  line: number;
  /** One sentence that names the thing and what is wrong with it. */
  message: string;
  /** The part of the text (characters, end exclusive) in which a suppression of this finding may stand. */
  unit?: { start: number; end: number };
}

/** What a rule holds, and how to keep it: the same for each of its findings. */
export interface Rule {
  id: string;
  /** An error fails the check; a warning is shown. */
  severity: 'error' | 'warning';
  /** A few words: what it forbids. */
  title: string;
  /** One or two sentences: what an attacker, or a mistake, makes of it. */
  why: string;
  /** One or two sentences: what to write instead. */
  instead: string;
  /** A smallest file that the rule finds something in, and its mended form, in which it finds nothing. */
  failing: SourceFile;
  passing: SourceFile;
}
