import { type ErrorResponse, errorResponse } from '@tvm/contract/errors.ts';
import { retryAfterOf } from './retry-after.ts';
import type { HttpResponse } from './send.ts';

/** What a response other than 200 says. */
export interface Refusal {
  status: number;
  /** The service's own error. */
  error?: ErrorResponse | undefined;
  /** What API Gateway in front of the service says instead. To a wrong signature it repeats the whole request. */
  gateway?: { message: string; type: string | undefined } | undefined;
  requestId: string | undefined;
  /** How long to wait before the next attempt, in milliseconds, as `Retry-After` says. */
  retryAfter: number | undefined;
}

/**
 * Reads a response other than 200: the service's own error, or that of the gateway in front of it. Of any other response,
 * both are absent.
 *
 * @param now milliseconds since the epoch
 */
export function readRefusal({ status, headers, body }: HttpResponse, now: number): Refusal {
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const json = parsed(body);
  const error = errorResponse.safeParse(json).data;
  const message = isObject(json) && typeof json.message === 'string' ? json.message : undefined;
  // As in `MissingAuthenticationTokenException:http://…`.
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
