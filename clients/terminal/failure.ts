import { styleText } from 'node:util';
import { type OutputFormat, writeJson } from './output.ts';
import { printable, printableMessage } from './printable.ts';

/** The exit code of a command whose options, arguments or input are at fault, as in most programs. */
export const USAGE = 2;

/** What a failure says besides its sentence. */
export interface FailureDetails {
  /** One word for a program: an error code of the service, or one of the command's own. */
  code: string;
  exitCode: number;
  /** The option, argument or variable at fault. */
  option?: string | undefined;
  /** The request's id, when the service answered. */
  requestId?: string | undefined;
  /** When there are several: a sentence each. People read them below the sentence, after a colon. */
  reasons?: readonly string[];
  /** Whether the command was refused, by policy say, rather than failed. */
  refused?: boolean;
}

/** Why a command could not do what was asked: one sentence for a person, a code for a program. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly details: FailureDetails;

  constructor(sentence: string, details: FailureDetails) {
    super(sentence);
    this.details = details;
  }
}

/** A failure for which an option, argument or variable is to blame. */
export function usageFailure(sentence: string, option?: string): Failure {
  return new Failure(sentence, { code: 'usage', exitCode: USAGE, option });
}

/**
 * Writes a failure to standard error: sentences, or with `--output json` an object as the service writes errors.
 *
 * @param program the command's name, with which the text begins
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
