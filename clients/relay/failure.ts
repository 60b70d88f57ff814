import { styleText } from 'node:util';
import { type OutputFormat, writeJson } from '@tvm/cli/output.ts';
import { printableMessage } from '@tvm/cli/printable.ts';

/** How `tokenrelay` ends. The numbers are stable: a script may branch on them. */
export const exitCodes = {
  done: 0,
  fault: 1,
  usage: 2,
  noToken: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each exit code means, as `--help` lists them. */
export const exitCodeMeanings: Record<ExitCode, string> = {
  0: 'done; status: every token and every output is as it should be',
  1: 'a fault: no agent answers, an endpoint cannot be opened, or the program itself failed',
  2: 'an option or the configuration is at fault',
  3: 'no token: its source gave none, it has expired, or it was revoked; status: unhealthy',
};

/** What a failure says besides its sentence. */
export interface FailureDetails {
  /** One word for a program. */
  code: string;
  exitCode: ExitCode;
  /** The option or argument at fault. */
  option?: string | undefined;
  /** When there are several: a sentence each. For people they stand below the sentence, after a colon. */
  reasons?: readonly string[];
}

/** Why the command could not do what was asked: one sentence for a person, a code for a program. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly details: FailureDetails;

  constructor(sentence: string, details: FailureDetails) {
    super(sentence);
    this.details = details;
  }
}

/** A failure for which an option or argument is to blame. */
export function usageFailure(sentence: string, option?: string): Failure {
  return new Failure(sentence, { code: 'usage', exitCode: exitCodes.usage, option });
}

/** A failure for want of a token that may be used. */
export function noTokenFailure(sentence: string, reasons?: readonly string[]): Failure {
  return new Failure(sentence, { code: 'no_token', exitCode: exitCodes.noToken, ...(reasons && { reasons }) });
}

/** Something that this program did not foresee. Its message stays unsaid: it may quote what was being read. */
export function unexpectedFailure(error: unknown): Failure {
  const { name, code, at } = faultDetails(error);
  const where = at[0] === undefined ? '' : `, ${at[0]}`;
  return new Failure(`unexpected fault (${[name, code].filter(Boolean).join(' ')}${where})`, {
    code: 'internal',
    exitCode: exitCodes.fault,
  });
}

/** What may be told of an error whose message may hold a token, as that of `JSON.parse` does: its kind and its place. */
export function faultDetails(error: unknown): { name: string; code?: string; at: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const { name, message, stack = '' } = error;
  const code = (error as NodeJS.ErrnoException).code;
  // The message stands first in it. Where it does not, somebody changed one of them, and nobody can tell them apart.
  const [, ...rest] = stack.split(message);
  const at = (message === '' ? stack : (rest.at(-1) ?? ''))
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 10)
    .map((line) => line.trim());
  return { name, ...(typeof code === 'string' && { code }), at };
}

/** Writes a failure to standard error: sentences, or with `--output json` an object. */
export function writeFailure({ message, details }: Failure, format: OutputFormat): void {
  const { code, option, reasons = [] } = details;
  if (format === 'json') {
    const error = { error: code, error_description: printableMessage(message), option };
    writeJson({ ...error, ...(reasons.length > 0 && { reasons: reasons.map(printableMessage) }) }, process.stderr);
    return;
  }
  const start = styleText('red', 'tokenrelay:', { stream: process.stderr });
  const lines = reasons.map((reason) => `\n  ${printableMessage(reason)}`).join('');
  process.stderr.write(`${start} ${printableMessage(message)}${lines && `:${lines}`}\n`);
}
