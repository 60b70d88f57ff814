import type { ErrorResponse } from '@tvm/contract/errors.ts';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { type Refusal, wireError } from './wire-error.ts';

/** Answers may hold tokens: nobody on the way keeps them (RFC 6749, section 5.1). */
const NEVER_CACHED = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' };

/** 200 with a JSON body. */
export function answer(body: object): APIGatewayProxyResult {
  return { statusCode: 200, headers: NEVER_CACHED, body: JSON.stringify(body) };
}

/** 204: done, and nothing to say. */
export function noContent(): APIGatewayProxyResult {
  return { statusCode: 204, headers: { 'cache-control': 'no-store' }, body: '' };
}

/** 200 with a JSON document that is the same for everybody. @param maxAge seconds that it may be cached for */
export function publicDocument(body: object, maxAge = 300): APIGatewayProxyResult {
  const headers = { 'content-type': 'application/json', 'cache-control': `public, max-age=${maxAge}` };
  return { statusCode: 200, headers, body: JSON.stringify(body) };
}

/** The OAuth error that a refusal is on the wire. */
export function refuse(refusal: Refusal, requestId: string): APIGatewayProxyResult {
  const { status, body, retryAfter } = wireError(refusal);
  const headers = { ...NEVER_CACHED, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) };
  const error: ErrorResponse = { ...body, request_id: requestId };
  return { statusCode: status, headers, body: JSON.stringify(error) };
}
