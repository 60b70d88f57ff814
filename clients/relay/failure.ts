import { constants } from 'node:os';
import { Failure } from '@tvm/terminal/failure.ts';

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

/** The exit code of a process that a signal ended, as shells have it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
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
