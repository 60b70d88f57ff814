import { readRefusal } from '@tvm/api/refusal.ts';
import type { HttpResponse } from '@tvm/api/send.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import { exitCodes } from './failure.ts';
import { type NameOption, translateDescription } from './name-option.ts';

/**
 * Turns a response other than 200 into a failure: the service's own error, or that of the gateway in front of it.
 *
 * @param nameOption names the option for a field that the service rejects
 */
export function refusal(response: HttpResponse, nameOption: NameOption): Failure {
  const { status, error, gateway, requestId, retryAfter } = readRefusal(response, Date.now());
  const description = error?.error_description ?? gateway?.message;
  if (!description) return unexpectedResponse(response);
  const { option, sentence } =
    error?.field === undefined
      ? { option: undefined, sentence: description }
      : translateDescription(description, error.field, nameOption);
  const wait = retryAfter === undefined ? 'some' : Math.ceil(retryAfter / 1000);
  const again = status === 503 || status === 429 ? `; try again in ${wait} seconds` : '';
  const elsewhere = /^Missing Authentication Token/.test(description)
    ? '; does --endpoint name the stage, as in …amazonaws.com/v1?'
    : '';
  const exitCode = exitCodeOf(status, error?.error);
  return new Failure(sentence.replace(/; try again shortly$/, '') + again + elsewhere, {
    code: error?.error ?? `http_${status}`,
    exitCode,
    refused: exitCode === exitCodes.denied,
    option,
    requestId,
  });
}

function exitCodeOf(status: number, error: string | undefined): number {
  if (status === 401 || status === 403 || error === 'invalid_grant') return exitCodes.denied;
  if (error === 'unknown_target') return exitCodes.unknown;
  return status >= 400 && status < 500 && status !== 429 ? exitCodes.usage : exitCodes.fault;
}

/** Returns the failure for a response that is from neither the service nor its gateway. */
export function unexpectedResponse(response: HttpResponse): Failure {
  const { status, requestId } = readRefusal(response, Date.now());
  return new Failure(`HTTP ${status}, but the response is not from a Token Vending Machine; is the endpoint right?`, {
    code: 'unexpected_answer',
    exitCode: exitCodes.fault,
    requestId,
  });
}
