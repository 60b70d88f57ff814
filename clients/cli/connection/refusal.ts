import { errorResponse } from '@tvm/contract/errors.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import * as z from 'zod';
import { type ExitCode, exitCodes } from './failure.ts';
import { type NameOption, translateDescription } from './name-option.ts';

// In front of the machine stands API Gateway, and an emulator's may answer in its own words.
const gatewayAnswer = z.object({ message: z.string() }).transform(({ message }) => ({
  error: undefined,
  error_description: message,
  field: undefined,
  request_id: undefined,
}));

/**
 * What an answer other than 200 means: the machine's own error, or that of the gateway in front of it.
 *
 * @param nameOption what a field that the machine faults is called here
 */
export function refusal(status: number, headers: Headers, body: unknown, nameOption: NameOption): Failure {
  const parsed = z.union([errorResponse, gatewayAnswer]).safeParse(body);
  if (!parsed.success) return noAnswerOfTheMachine(status, headers);
  const { error, error_description: description, field, request_id } = parsed.data;
  const { option, sentence } =
    field === undefined
      ? { option: undefined, sentence: description }
      : translateDescription(description, field, nameOption);
  const wait = /^\d+$/.exec(headers.get('retry-after') ?? '')?.[0];
  const again = status === 503 || status === 429 ? `; try again in ${wait ?? 'some'} seconds` : '';
  const elsewhere = /^Missing Authentication Token/.test(description)
    ? '; does --endpoint name the stage, as in …amazonaws.com/v1?'
    : '';
  const exitCode = exitCodeOf(status, error);
  return new Failure(sentence.replace(/; try again shortly$/, '') + again + elsewhere, {
    code: error ?? `http_${status}`,
    exitCode,
    refused: exitCode === exitCodes.denied,
    option,
    requestId: request_id ?? requestIdOf(headers),
  });
}

function exitCodeOf(status: number, error: string | undefined): ExitCode {
  if (status === 401 || status === 403 || error === 'invalid_grant') return exitCodes.denied;
  if (error === 'unknown_target') return exitCodes.unknown;
  return status >= 400 && status < 500 && status !== 429 ? exitCodes.usage : exitCodes.fault;
}

/** An answer that is neither of the machine nor of its gateway: something else lives at the endpoint. */
export function noAnswerOfTheMachine(status: number, headers: Headers): Failure {
  return new Failure(`HTTP ${status}, but no answer of a token vending machine; is the endpoint right?`, {
    code: 'unexpected_answer',
    exitCode: exitCodes.fault,
    requestId: requestIdOf(headers),
  });
}

function requestIdOf(headers: Headers): string | undefined {
  return headers.get('x-amzn-requestid') ?? headers.get('x-amz-apigw-id') ?? undefined;
}
