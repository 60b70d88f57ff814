/** A policy file. Messages contain its name. */
export interface PolicyFile {
  name: string;
  text: string;
}

/** An error in a policy file, with its location and a message of one sentence. */
export interface Flaw {
  rule: FlawRule;
  file: string;
  /** Line number, from 1. */
  line: number;
  message: string;
}

export type FlawRule =
  | 'policy/syntax'
  | 'policy/schema'
  | 'policy/id'
  | 'policy/annotation'
  | 'policy/unknown-name'
  | 'policy/unsupported'
  | 'policy/ceiling-permits'
  | 'policy/any-trust'
  | 'policy/resource-cycle'
  | 'policy/data-file'
  | 'policy/too-large';

/** Signals invalid policy files. The message has one line per flaw, with file and line number. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly flaws: readonly Flaw[];

  constructor(flaws: readonly Flaw[]) {
    super(flaws.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.flaws = flaws;
  }
}
