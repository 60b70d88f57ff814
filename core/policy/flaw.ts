/** A policy file: its name, for messages, and its text. */
export interface PolicyFile {
  name: string;
  text: string;
}

/** What keeps policy files from being used: one sentence each, that says where. */
export interface Flaw {
  rule: FlawRule;
  file: string;
  /** From 1. */
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
  | 'policy/resource-cycle'
  | 'policy/data-file'
  | 'policy/too-large';

/** Policy files that cannot be used: a line for each flaw, naming file and line. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly flaws: readonly Flaw[];

  constructor(flaws: readonly Flaw[]) {
    super(flaws.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.flaws = flaws;
  }
}
