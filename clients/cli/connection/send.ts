import { type HttpRequest, type HttpResponse, parseJson, send as sendSigned } from '@tvm/api/send.ts';
import { boundedText, TooLong } from '@tvm/contract/bounded-text.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import type * as z from 'zod';
import { exitCodes } from './failure.ts';
import type { NameOption } from './name-option.ts';
import { refusal, unexpectedResponse } from './refusal.ts';
import type { Settings } from './settings.ts';

/** The timeout of a request, in milliseconds. */
const TIMEOUT = 10_000;

/** The maximum size of a response, in bytes: that of a Lambda response (AWS Lambda quotas, 6 MB). */
const MOST_BYTES = 6 * 1024 * 1024;

/** The method, path and timeout of a request. */
export interface RequestTarget {
  /** A GET sends the request as its query, a POST as its body. Default: POST. */
  method?: 'GET' | 'POST';
  /** For example `/token`. */
  path: string;
  /** In milliseconds. */
  timeout?: number;
  /** Aborts the request. */
  signal?: AbortSignal;
}

/**
 * Sends a signed request to the service and reads the response. Does not retry.
 *
 * @param answer the contract's schema of a successful response
 * @param nameOption names the option for a field that the service rejects
 * @throws {Failure} for any other response
 */
export async function send<S extends z.ZodType>(
  { endpoint, region, credentials }: Settings,
  { method = 'POST', path, timeout = TIMEOUT, signal }: RequestTarget,
  request: object,
  answer: S,
  nameOption: NameOption,
): Promise<z.infer<S>> {
  const timedOut = AbortSignal.timeout(timeout);
  const either = signal === undefined ? timedOut : AbortSignal.any([timedOut, signal]);
  let response: HttpResponse;
  try {
    const to = { url: endpoint, region, credentials };
    response = await sendSigned(to, { method, path, parameters: request }, (signed) => byFetch(signed, either));
  } catch (error) {
    throw unreachable(error, endpoint, timeout);
  }
  if (response.status !== 200) throw refusal(response, nameOption);
  const body = parseJson(response.body);
  if (!answer.safeParse(body).success) throw unexpectedResponse(response);
  // Return the unparsed body: the schema would remove members that a later version of the service adds.
  return body as z.infer<S>;
}

async function byFetch({ url, ...request }: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const response = await fetch(url, { ...request, redirect: 'manual', signal });
  const body = await boundedText(response, MOST_BYTES);
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

function unreachable(error: unknown, endpoint: URL, timeout: number): Failure {
  if (error instanceof TooLong) {
    return new Failure(`${endpoint.host} ${error.message}; is the endpoint right?`, {
      code: 'unexpected_answer',
      exitCode: exitCodes.fault,
    });
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new Failure(`${endpoint.host} did not respond within ${timeout / 1000} s`, {
      code: 'timed_out',
      exitCode: exitCodes.fault,
    });
  }
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  if (cause === undefined) {
    // The error about an invalid header quotes the header, which may contain the session token.
    return new Failure('the request could not be signed and sent; are the AWS credentials well-formed?', {
      code: 'no_credentials',
      exitCode: exitCodes.usage,
    });
  }
  const hint = cause.code === 'ECONNREFUSED' ? '; is it running?' : '';
  return new Failure(`${endpoint.host} cannot be reached (${cause.code ?? cause.message})${hint}`, {
    code: 'unreachable',
    exitCode: exitCodes.fault,
  });
}
