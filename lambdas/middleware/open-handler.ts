import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { apiHandler } from './api-handler.ts';

/** Lets scripts of any origin read the responses, which are public (Fetch Standard, section 3.3). */
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

/** Creates a Lambda handler for public documents. It supports GET, HEAD and CORS. */
export function openHandler(handle: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>) {
  return apiHandler(async (event) => {
    const { headers, body, ...rest } = event.httpMethod === 'OPTIONS' ? PREFLIGHT : await handle(event);
    return { ...rest, headers: { ...headers, ...FOR_EVERY_ORIGIN }, body: event.httpMethod === 'HEAD' ? '' : body };
  });
}
