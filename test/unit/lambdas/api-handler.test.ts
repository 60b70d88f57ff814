import { introspectionRequest } from '@tvm/contract/introspection.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { apiHandler } from '#lambdas/middleware/api-handler.ts';
import { answer } from '#lambdas/runtime/answers.ts';
import { authenticated, readParameters } from '#lambdas/runtime/api-request.ts';
import { metrics } from '#lambdas/runtime/observability.ts';
import { catchPrinted } from '../../support/printed.ts';

const identity = { userArn: 'arn:aws:iam::111122223333:user/a', accountId: '111122223333', sourceIp: '203.0.113.7' };
const event = (change: object = {}) =>
  ({
    headers: {},
    body: null,
    requestContext: { requestId: 'request-1', identity },
    ...change,
  }) as APIGatewayProxyEvent;
const context = { functionName: 'f', awsRequestId: 'r' } as Context;

describe('apiHandler', () => {
  let printed: () => string;
  beforeEach(() => {
    printed = catchPrinted();
  });
  afterEach(() => vi.restoreAllMocks());

  it('responds with 503 and Retry-After if a dependency fails, and logs the cause', async () => {
    const handler = apiHandler(async () => {
      throw new DependencyFault('KMS', Object.assign(new Error('slow down'), { name: 'ThrottlingException' }));
    });
    const { statusCode, headers, body } = await handler(event(), context);
    expect([statusCode, headers?.['retry-after']]).toEqual([503, '2']);
    expect(JSON.parse(body)).toMatchObject({ error: 'temporarily_unavailable', request_id: 'request-1' });
    expect(printed()).toContain('ThrottlingException');
  });

  it.each([
    ['KMS', 'ThrottlingException', 1],
    ['KMS', 'TimeoutError', 0],
    ['DynamoDB', 'ThrottlingException', 0],
  ])('counts a call that %s throttled as KmsThrottled: %s', async (dependency, name, throttled) => {
    const counted = vi.spyOn(metrics, 'addMetric');
    const handler = apiHandler(async () => {
      throw new DependencyFault(dependency, Object.assign(new Error('no'), { name }));
    });
    await handler(event(), context);
    expect(counted.mock.calls.filter(([metric]) => metric === 'KmsThrottled')).toHaveLength(throttled);
  });

  it('responds with 500 to an internal error, without its details', async () => {
    const handler = apiHandler(async () => {
      throw new TypeError('undefined is not a function at secret-place');
    });
    const { statusCode, body } = await handler(event(), context);
    expect(statusCode).toBe(500);
    expect(JSON.parse(body)).toMatchObject({ error: 'server_error', request_id: 'request-1' });
    expect(body).not.toContain('secret-place');
  });

  it('logs no body and no header', async () => {
    const handler = apiHandler(async () => answer({ access_token: 'the-token' }));
    await handler(event({ body: 'token=the-token', headers: { Authorization: 'the-signature' } }), context);
    expect(printed()).not.toMatch(/the-token|the-signature/);
  });
});

describe('authenticated', () => {
  it('takes the caller only from the gateway', () => {
    expect(authenticated(event({ headers: { 'x-forwarded-for': '10.0.0.1', 'x-user-arn': 'root' } }))).toEqual({
      userArn: identity.userArn,
      account: identity.accountId,
      sourceIp: identity.sourceIp,
      requestId: 'request-1',
    });
  });

  it('throws if a route lacks IAM authorization', () => {
    const anonymous = { requestId: 'r', identity: { sourceIp: '203.0.113.7', userArn: null, accountId: null } };
    expect(() => authenticated(event({ requestContext: anonymous }))).toThrow('not authenticated');
  });
});

describe('readParameters', () => {
  it('finds the content type in any case, and decodes a base64 body', () => {
    const body = Buffer.from('token=abc').toString('base64');
    const headers = { 'Content-TYPE': 'application/x-www-form-urlencoded; charset=UTF-8' };
    const read = readParameters(introspectionRequest, event({ headers, body, isBase64Encoded: true }));
    expect(read).toEqual({ ok: true, value: { token: 'abc' } });
  });

  it('refuses a request without a body', () => {
    expect(readParameters(introspectionRequest, event())).toMatchObject({ ok: false });
  });
});
