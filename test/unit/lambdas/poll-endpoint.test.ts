import { errorResponse } from '@tvm/contract/errors.ts';
import { securityEventPollResponse } from '@tvm/contract/security-event-poll.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pollEndpoint } from '#lambdas/poll-security-events/poll-endpoint.ts';
import { metrics } from '#lambdas/runtime/observability.ts';
import { inMemoryPendingSecurityEvents } from '../../fakes/pending-security-events.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'poll-security-events', awsRequestId: 'r' } as Context;
const SIEM = 'arn:aws:iam::111122223333:user/siem';
const JTI = '1795339800-0123456789abcdef0123456789abcdef';
const SET = 'eyJhbGciOiJSUzI1NiJ9.eyJqdGkiOiJvbmUifQ.c2lnbmF0dXJl';

let kept: PendingSecurityEvents;
let printed: () => string;
beforeEach(async () => {
  printed = catchPrinted();
  kept = inMemoryPendingSecurityEvents();
  await kept.keep('siem', { jti: JTI, set: SET });
});
afterEach(() => vi.restoreAllMocks());

async function post(request: unknown, userArn: string | null = SIEM, contentType = 'application/json') {
  const event = {
    headers: { 'Content-Type': contentType },
    body: typeof request === 'string' ? request : JSON.stringify(request),
    requestContext: { requestId: 'request-1', identity: { accountId: '111122223333', userArn, sourceIp: '192.0.2.1' } },
  } as unknown as APIGatewayProxyEvent;
  const { statusCode, headers, body } = await pollEndpoint({ [SIEM]: 'siem' }, kept)(event, context);
  return { statusCode, headers, body: JSON.parse(body) };
}

it('returns SETs immediately, for long polling too, in uncacheable JSON, and does not log them', async () => {
  const { statusCode, headers, body } = await post({ returnImmediately: false });
  expect([statusCode, headers]).toMatchObject([
    200,
    { 'content-type': 'application/json', 'cache-control': 'no-store' },
  ]);
  expect(securityEventPollResponse.strict().parse(body)).toEqual({ sets: { [JTI]: SET }, moreAvailable: false });
  expect(await post({ returnImmediately: true, ack: [JTI] })).toMatchObject({
    statusCode: 200,
    body: { sets: {}, moreAvailable: false },
  });
  expect(await post({ returnImmediately: false })).toMatchObject({ body: { sets: {}, moreAvailable: false } });
  for (const part of SET.split('.')) expect(printed()).not.toContain(part);
});

it('counts and logs a refused SET with its code but not its description', async () => {
  const counted = vi.spyOn(metrics, 'addMetric');
  const setErrs = { [JTI]: { err: 'authentication_failed', description: 'call 555-0100\nnow', more: 1 } };
  expect(await post({ setErrs })).toMatchObject({ statusCode: 200, body: { sets: {} } });
  expect(printed()).toContain('authentication_failed');
  expect(counted).toHaveBeenCalledWith('SecurityEventsRefusedByReceiver', 'Count', 1);
  expect(printed()).toContain(JTI);
  expect(printed()).not.toContain('555-0100');
});

it.each<[string, unknown, string]>([
  ['an unknown member', { acks: [] }, 'acks is not a known field'],
  ['a negative number', { maxEvents: -1 }, 'maxEvents must not be negative'],
  ['a broken number', { maxEvents: 1.5 }, 'maxEvents must be a whole number'],
  ['a word for a boolean', { returnImmediately: 'yes' }, 'returnImmediately must be true or false'],
  ['an ack that is not an array', { ack: JTI }, 'ack must be an array of jti'],
  ['an ack of an invalid jti', { ack: [JTI, 7] }, 'ack[1] must be a name'],
  ['an ack of a jti that is too long', { ack: ['x'.repeat(257)] }, 'ack[0] must have at most 256 characters'],
  ['too many jtis in ack', { ack: Array(301).fill('x') }, 'ack must have at most 300 entries'],
  ['setErrs that is not an object', { setErrs: [JTI] }, 'setErrs must be an object of errors by jti'],
  ['setErrs without a code', { setErrs: { [JTI]: { description: 'a' } } }, 'must be an error code'],
  ['setErrs with an invalid code', { setErrs: { [JTI]: { err: 'a b', description: '' } } }, 'an error code'],
  [
    'too many jtis in setErrs',
    { setErrs: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`j${at}`, { err: 'a', description: '' }])) },
    'setErrs must have at most 100 members',
  ],
  ['no JSON', '', 'the body must be well-formed JSON'],
  ['a member twice', '{"ack":[],"ack":[]}', 'must have the key ack only once'],
  ['a body too large', JSON.stringify({ ack: ['x'.repeat(17_000)] }), 'at most 16384 bytes'],
])('refuses %s with 400, and removes nothing', async (_, request, description) => {
  const { statusCode, body } = await post(request);
  expect([statusCode, errorResponse.parse(body).error]).toEqual([400, 'invalid_request']);
  expect(body.error_description).toContain(description);
  expect(await kept.oldest('siem', 10)).toHaveLength(1);
});

it('refuses a caller that is not a receiver with 403', async () => {
  const { statusCode, body } = await post({ ack: [JTI] }, 'arn:aws:iam::111122223333:user/billing');
  expect([statusCode, body.error]).toEqual([403, 'access_denied']);
  expect(await kept.oldest('siem', 10)).toHaveLength(1);
});

it('returns nothing without an identity from the gateway', async () => {
  expect(await post({}, null)).toMatchObject({ statusCode: 500 });
});

it('responds with 503 if the table fails, so that the receiver tries again', async () => {
  kept.remove = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  expect(await post({ ack: [JTI] })).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
});
