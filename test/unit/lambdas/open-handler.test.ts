import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { expect, it } from 'vitest';
import { openHandler } from '#lambdas/middleware/open-handler.ts';
import { publicDocument } from '#lambdas/runtime/answers.ts';

const context = { functionName: 'f', awsRequestId: 'r' } as Context;
const call = (httpMethod: string) =>
  openHandler(async () => publicDocument({ keys: [] }))(
    { httpMethod, headers: {}, requestContext: { requestId: 'request-1' } } as APIGatewayProxyEvent,
    context,
  );

it('lets scripts of any origin read a public document', async () => {
  expect(await call('GET')).toMatchObject({
    statusCode: 200,
    headers: { 'access-control-allow-origin': '*', 'cache-control': 'public, max-age=300' },
    body: '{"keys":[]}',
  });
});

it('responds to HEAD with the same headers and no body', async () => {
  const { body, ...get } = await call('GET');
  expect(await call('HEAD')).toEqual({ ...get, body: '' });
});

it('responds to a preflight request with the allowed methods and headers', async () => {
  expect(await call('OPTIONS')).toMatchObject({
    statusCode: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'if-none-match',
    },
    body: '',
  });
});
