import { constants } from 'node:os';
import { Failure } from '@tvm/terminal/failure.ts';

/** The exit codes of `tokenrelay`. They are stable, so that scripts can branch on them. */
export const exitCodes = {
  done: 0,
  fault: 1,
  usage: 2,
  noToken: 3,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The meaning of each exit code, as `--help` lists it. */
export const exitCodeMeanings: Record<ExitCode, string> = {
  0: 'success; status: every token and every output is healthy',
  1: 'error: no running agent was found, an endpoint cannot be opened, or the program itself failed',
  2: 'an option or the configuration is invalid',
  3: 'no token: the fetch failed, or the token has expired or was revoked; status: something is unhealthy',
};

/** Returns the exit code that shells report for a process ended by a signal. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Creates the failure for the case that no usable token is available. */
export function noTokenFailure(sentence: string, reasons?: readonly string[]): Failure {
  return new Failure(sentence, { code: 'no_token', exitCode: exitCodes.noToken, ...(reasons && { reasons }) });
}

/** Creates the failure for an unexpected error. Omits the error's message, which may quote secret input. */
export function unexpectedFailure(error: unknown): Failure {
  const { name, code, at } = faultDetails(error);
  const where = at[0] === undefined ? '' : `, ${at[0]}`;
  return new Failure(`unexpected error (${[name, code].filter(Boolean).join(' ')}${where})`, {
    code: 'internal',
    exitCode: exitCodes.fault,
  });
}

/** Returns what is safe to report about an error whose message may contain a token: its type and stack locations. */
export function faultDetails(error: unknown): { name: string; code?: string; at: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const { name, message, stack = '' } = error;
  const code = (error as NodeJS.ErrnoException).code;
  // A stack starts with the message. If it does not, one of them was changed and the message cannot be cut off safely.
  const [, ...rest] = stack.split(message);
  const at = (message === '' ? stack : (rest.at(-1) ?? ''))
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 10)
    .map((line) => line.trim());
  return { name, ...(typeof code === 'string' && { code }), at };
}
