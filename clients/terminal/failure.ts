import { styleText } from 'node:util';
import { type OutputFormat, writeJson } from './output.ts';
import { printable, printableMessage } from './printable.ts';

/** The exit code for invalid options, arguments or input, as in most programs. */
export const USAGE = 2;

/** The details of a failure besides its message. */
export interface FailureDetails {
  /** A machine-readable error code, from the service or from the command itself. */
  code: string;
  exitCode: number;
  /** The invalid option, argument or variable. */
  option?: string | undefined;
  /** The id of the request, if the service responded. */
  requestId?: string | undefined;
  /** Several reasons, one sentence each. Text output lists them below the message. */
  reasons?: readonly string[];
  /** Whether the request was denied, for example by policy, rather than failed. */
  refused?: boolean;
}

/** The error of a command, with a message for people and a code for programs. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly details: FailureDetails;

  constructor(sentence: string, details: FailureDetails) {
    super(sentence);
    this.details = details;
  }
}

/** Creates a failure for an invalid option, argument or variable. */
export function usageFailure(sentence: string, option?: string): Failure {
  return new Failure(sentence, { code: 'usage', exitCode: USAGE, option });
}

/**
 * Writes a failure to standard error: as text, or with `--output json` in the error format of the service.
 *
 * @param program the name of the program, with which the text starts
 */
export function writeFailure({ message, details }: Failure, format: OutputFormat, program: string): void {
  const { code, option, requestId, reasons = [], refused = false } = details;
  const sentence = printableMessage(message);
  if (format === 'json') {
    const error = { error: code, error_description: sentence, option, request_id: requestId };
    writeJson({ ...error, ...(reasons.length > 0 && { reasons: reasons.map(printableMessage) }) }, process.stderr);
    return;
  }
  const start = styleText('red', `${program}:`, { stream: process.stderr });
  const id = requestId && styleText('dim', ` (${code}, request ${printable(requestId)})`, { stream: process.stderr });
  const lines = reasons.map((reason) => `\n  ${printableMessage(reason)}`).join('');
  process.stderr.write(`${start} ${refused ? 'refused: ' : ''}${sentence}${lines && `:${lines}`}${id ?? ''}\n`);
}
