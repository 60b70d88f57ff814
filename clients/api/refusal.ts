import { type ErrorResponse, errorResponse } from '@tvm/contract/errors.ts';
import { retryAfterOf } from './retry-after.ts';
import { type HttpResponse, parseJson } from './send.ts';

/** The content of an error response. */
export interface Refusal {
  status: number;
  /** The service's own error. */
  error?: ErrorResponse | undefined;
  /** The error of API Gateway, if the request did not reach the service. For a wrong signature, the message repeats the request. */
  gateway?: { message: string; type: string | undefined } | undefined;
  requestId: string | undefined;
  /** The delay until the next attempt, from `Retry-After`, in milliseconds. */
  retryAfter: number | undefined;
}

/**
 * Reads an error response: the service's own error, or the error of the gateway in front of it. A response of any other
 * server has neither.
 *
 * @param now milliseconds since the epoch
 */
export function readRefusal({ status, headers, body }: HttpResponse, now: number): Refusal {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const json = parseJson(body);
  const error = errorResponse.safeParse(json).data;
  const message = isObject(json) && typeof json.message === 'string' ? json.message : undefined;
  // For example `MissingAuthenticationTokenException:http://…`.
  const type = /^[A-Za-z]{1,64}/.exec(header('x-amzn-errortype') ?? '')?.[0];
  return {
    status,
    error,
    gateway:
      error === undefined && (message !== undefined || type !== undefined)
        ? { message: message ?? '', type }
        : undefined,
    requestId: error?.request_id ?? header('x-amzn-requestid') ?? header('x-amz-apigw-id'),
    retryAfter: retryAfterOf(header('retry-after'), now),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
