import { errorResponse } from '@tvm/contract/errors.ts';
import { securityEventReceiver } from '@tvm/contract/security-event.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { streamsEndpoint } from '#lambdas/control-security-event-streams/streams-endpoint.ts';
import { inMemoryFacts } from '../../fakes/in-memory-records.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'control-security-event-streams', awsRequestId: 'r' } as Context;
const GATEWAY = 'arn:aws:iam::111122223333:user/gateway';
const receiver = securityEventReceiver.parse({
  name: 'gateway',
  url: 'https://gateway.example.com/sets',
  principal: GATEWAY,
  audience: 'https://gateway.example.com',
});

let facts: ReturnType<typeof inMemoryFacts>;
let printed: () => string;
beforeEach(() => {
  printed = catchPrinted();
  facts = inMemoryFacts();
});
afterEach(() => vi.restoreAllMocks());

interface Request {
  query?: Record<string, string[]>;
  body?: unknown;
  userArn?: string | null;
}

async function call(resource: string, { query, body, userArn = GATEWAY }: Request) {
  const event = {
    resource: `/security-events/${resource}`,
    headers: { 'Content-Type': 'application/json' },
    multiValueQueryStringParameters: query ?? null,
    pathParameters: null,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    requestContext: { requestId: 'request-1', identity: { accountId: '111122223333', userArn, sourceIp: '192.0.2.1' } },
  } as unknown as APIGatewayProxyEvent;
  const endpoint = streamsEndpoint({ [GATEWAY]: receiver }, 'https://tokens.example.com', {
    facts,
    clock: { now: () => Date.parse('2026-11-22T09:30:12.500Z') },
  });
  const { statusCode, headers, body: text } = await endpoint(event, context);
  return { statusCode, headers, body: text === '' ? undefined : JSON.parse(text) };
}

it('returns a stream’s configuration and status by id, and the configuration also without an id', async () => {
  const one = await call('streams', { query: { stream_id: ['gateway'] } });
  expect(one).toMatchObject({
    statusCode: 200,
    headers: { 'cache-control': 'no-store' },
    body: { stream_id: 'gateway', iss: 'https://tokens.example.com' },
  });
  expect(await call('streams', {})).toMatchObject({ statusCode: 200, body: [one.body] });
  expect(await call('status', { query: { stream_id: ['gateway'] } })).toMatchObject({
    statusCode: 200,
    body: { stream_id: 'gateway', status: 'enabled' },
  });
});

it('responds with 204 and no body to a verification request, and does not log its state', async () => {
  const { statusCode, headers, body } = await call('verification', { body: { stream_id: 'gateway', state: 'x0Zq' } });
  expect([statusCode, headers, body]).toEqual([204, { 'cache-control': 'no-store' }, undefined]);
  expect(facts.facts.size).toBe(1);
  expect(printed()).toContain('gateway');
  expect(printed()).not.toContain('x0Zq');
});

it('responds with 429 and the seconds to wait to a request that is too soon', async () => {
  await call('verification', { body: { stream_id: 'gateway' } });
  const { statusCode, headers, body } = await call('verification', { body: { stream_id: 'gateway' } });
  expect([statusCode, headers]).toMatchObject([429, { 'retry-after': '48' }]);
  expect(errorResponse.parse(body).error).toBe('temporarily_unavailable');
});

it('responds with 404 for a stream of another receiver', async () => {
  const query = { stream_id: ['siem'] };
  expect(await call('streams', { query })).toMatchObject({ statusCode: 404, body: { error: 'not_found' } });
  expect(await call('status', { query })).toMatchObject({ statusCode: 404, body: { error: 'not_found' } });
  expect(await call('verification', { body: { stream_id: 'siem' } })).toMatchObject({ statusCode: 404 });
  expect(await call('streams', { userArn: 'arn:aws:iam::111122223333:user/billing' })).toMatchObject({
    statusCode: 200,
    body: [],
  });
});

it.each<[string, string, Request, string]>([
  ['no stream', 'status', {}, 'stream_id'],
  ['a duplicate stream', 'status', { query: { stream_id: ['gateway', 'siem'] } }, 'stream_id must be given only once'],
  ['an empty stream', 'streams', { query: { stream_id: [''] } }, 'stream_id must not be empty'],
  ['an unknown parameter', 'streams', { query: { id: ['gateway'] } }, 'id is not a known field'],
  ['no stream to verify', 'verification', { body: { state: 'a' } }, 'stream_id'],
  ['a state that is not a string', 'verification', { body: { stream_id: 'gateway', state: 7 } }, 'state must be text'],
  [
    'a state too long',
    'verification',
    { body: { stream_id: 'gateway', state: 'x'.repeat(257) } },
    'at most 256 characters',
  ],
  [
    'a state that forges a line',
    'verification',
    { body: { stream_id: 'gateway', state: 'a\nb' } },
    'control characters',
  ],
  ['no JSON', 'verification', { body: '' }, 'the body must be well-formed JSON'],
])('refuses %s with 400, and stores nothing', async (_, resource, request, description) => {
  const { statusCode, body } = await call(resource, request);
  expect([statusCode, errorResponse.parse(body).error]).toEqual([400, 'invalid_request']);
  expect(body.error_description).toContain(description);
  expect(facts.facts.size).toBe(0);
});

it('returns nothing about a stream without an identity from the gateway', async () => {
  for (const resource of ['streams', 'status', 'verification']) {
    const request = { query: { stream_id: ['gateway'] }, body: { stream_id: 'gateway' }, userArn: null };
    expect(await call(resource, request)).toMatchObject({ statusCode: 500 });
  }
});

it('responds with 503 if the table fails, so that the receiver tries again', async () => {
  facts.put = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  const answered = await call('verification', { body: { stream_id: 'gateway' } });
  expect(answered).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
});
