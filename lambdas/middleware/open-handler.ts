import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from './api-handler.ts';

/** Scripts of any site may read the answers: they hold nothing that is not for everybody (Fetch Standard, section 3.3). */
const FOR_EVERY_ORIGIN = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag' };

const PREFLIGHT: APIGatewayProxyResult = {
  statusCode: 204,
  headers: {
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': 'if-none-match',
    'access-control-max-age': '86400',
  },
  body: '',
};

/** A Lambda handler for documents that are open to all: by GET and HEAD, and for scripts of other sites. */
export function openHandler(handle: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>) {
  return apiHandler(async (event) => {
    const { headers, body, ...answer } = event.httpMethod === 'OPTIONS' ? PREFLIGHT : await handle(event);
    return { ...answer, headers: { ...headers, ...FOR_EVERY_ORIGIN }, body: event.httpMethod === 'HEAD' ? '' : body };
  });
}
