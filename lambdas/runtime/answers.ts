import type { ErrorResponse } from '@tvm/contract/errors.ts';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { type Refusal, wireError } from './wire-error.ts';

/** Responses may contain tokens, so they must not be cached (RFC 6749, section 5.1). */
const NEVER_CACHED = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' };

/** A 200 response with a JSON body. */
export function answer(body: object): APIGatewayProxyResult {
  return { statusCode: 200, headers: NEVER_CACHED, body: JSON.stringify(body) };
}

/** A 204 response. */
export function noContent(): APIGatewayProxyResult {
  return { statusCode: 204, headers: { 'cache-control': 'no-store' }, body: '' };
}

/** A 200 response with a public JSON document. @param maxAge how long it may be cached, in seconds */
export function publicDocument(body: object, maxAge = 300): APIGatewayProxyResult {
  const headers = { 'content-type': 'application/json', 'cache-control': `public, max-age=${maxAge}` };
  return { statusCode: 200, headers, body: JSON.stringify(body) };
}

/** An OAuth error response for a refusal. */
export function refuse(refusal: Refusal, requestId: string): APIGatewayProxyResult {
  const { status, body, retryAfter } = wireError(refusal);
  const headers = { ...NEVER_CACHED, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) };
  const error: ErrorResponse = { ...body, request_id: requestId };
  return { statusCode: status, headers, body: JSON.stringify(error) };
}
