import type { ErrorResponse } from '@tvm/contract/errors.ts';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { type Refusal, wireError } from './wire-error.ts';

/** Answers may hold tokens: nobody on the way keeps them (RFC 6749, section 5.1). */
const NEVER_CACHED = { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' };

/** Seconds after which a caller may try again what was unavailable. */
const RETRY_AFTER = '2';

/** 200 with a JSON body. */
export function answer(body: object): APIGatewayProxyResult {
  return { statusCode: 200, headers: NEVER_CACHED, body: JSON.stringify(body) };
}

/** 200 with a JSON document that is the same for everybody. @param maxAge seconds that it may be cached for */
export function publicDocument(body: object, maxAge = 300): APIGatewayProxyResult {
  const headers = { 'content-type': 'application/json', 'cache-control': `public, max-age=${maxAge}` };
  return { statusCode: 200, headers, body: JSON.stringify(body) };
}

/** The OAuth error that a refusal is on the wire. */
export function refuse(refusal: Refusal, requestId: string): APIGatewayProxyResult {
  const { status, body } = wireError(refusal);
  const headers = status === 503 ? { ...NEVER_CACHED, 'retry-after': RETRY_AFTER } : NEVER_CACHED;
  const error: ErrorResponse = { ...body, request_id: requestId };
  return { statusCode: status, headers, body: JSON.stringify(error) };
}
