import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { revocationResponse } from '../../../contract/revocation.ts';
import { indexTokens } from '../../../core/index-tokens.ts';
import { issueToken } from '../../../core/issue-token.ts';
import { liftEndpoint } from '../../../lambdas/lift-block/lift-endpoint.ts';
import { revocationsEndpoint } from '../../../lambdas/revoke-tokens/revocations-endpoint.ts';
import { asking, from, machine, rules, SUBJECT } from '../../fakes/machine.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'revoke-tokens', awsRequestId: 'r' } as Context;
const OPERATOR = 'arn:aws:iam::111122223333:user/operator';

let tvm: Awaited<ReturnType<typeof machine>>;
beforeEach(async () => {
  tvm = await machine();
  catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A request as API Gateway hands it over. */
const requestOf = (change: Partial<APIGatewayProxyEvent>) =>
  ({
    httpMethod: 'POST',
    headers: { 'content-type': 'application/json' },
    requestContext: { requestId: 'r', identity: { userArn: OPERATOR, accountId: '111122223333', sourceIp: '::1' } },
    ...change,
  }) as APIGatewayProxyEvent;

async function call(change: Partial<APIGatewayProxyEvent>) {
  const { statusCode, body } = await revocationsEndpoint({ blockFor: 60 }, tvm)(requestOf(change), context);
  return { status: statusCode, body: JSON.parse(body) };
}
const post = (body: object | string) => call({ body: typeof body === 'string' ? body : JSON.stringify(body) });
const get = (revocation_id: string) => call({ httpMethod: 'GET', pathParameters: { revocation_id } });

async function vend() {
  const outcome = await issueToken(asking(), from, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome.tokenId;
}
const states = () => [...tvm.records.states.values()].map(({ status }) => status);

it('answers how many and how far, and tells it again by its id', async () => {
  await vend();
  const { status, body } = await post({ subject: SUBJECT, reason: 'leaked' });
  expect(revocationResponse.strict().parse(body)).toMatchObject({ status: 'running', revoked: 1 });
  expect([status, Date.parse(body.blocked_until)]).toEqual([200, tvm.clock.now() + 60_000]);
  tvm.clock.time += 10_000;
  const { revocation_id } = body;
  expect(await get(revocation_id)).toEqual({ status: 200, body: { revocation_id, status: 'running', revoked: 1 } });
  expect([...tvm.records.states.values()]).toMatchObject([{ revokedBy: OPERATOR, revocationReason: 'leaked' }]);
});

it('has every order gone on with before it places it, so that one which is cut off goes on', async () => {
  await vend();
  const { place } = tvm.orders;
  let waitingThen = 0;
  tvm.orders.place = async (order) => {
    waitingThen = tvm.continuations.waiting.length;
    return place(order);
  };
  const { body } = await post({ all: true });
  expect(waitingThen).toBe(1);
  expect(tvm.continuations.waiting).toEqual([{ revocationId: body.revocation_id, after: 8 }]);
});

it.each<[string, object | string, string | undefined]>([
  ['an unknown field', { subject: SUBJECT, everything: true }, 'everything'],
  ['an event’s name of a field', { tokenId: '4a81ca62-404f-430e-871f-5710f1bd1ce7' }, 'tokenId'],
  ['nothing', {}, 'all'],
  ['a reason alone', { reason: 'all of them' }, 'all'],
  ['all that is false', { all: false }, 'all'],
  ['all in words', { all: 'true' }, 'all'],
  ['all beside something else', { all: true, audience: 'orders-db' }, 'all'],
  ['a time alone', { issued_before: '2026-01-01T00:00:00Z' }, 'all'],
  ['a time that is none', { all: true, issued_before: '1 January' }, 'issued_before'],
  ['a root user', { subject: 'arn:aws:iam::111122223333:root' }, 'subject'],
  ['an empty audience', { audience: '' }, 'audience'],
  ['a location that climbs', { resource: 'db/../all' }, 'resource'],
  ['a block of a task', { subject: SUBJECT, task: 't', block_for: 60 }, 'block_for'],
  ['a block for less than nothing', { subject: SUBJECT, block_for: -1 }, 'block_for'],
  ['an array', '[]', undefined],
  ['a member twice', '{"subject":"a","subject":"b"}', undefined],
])('refuses %s, and takes nothing back', async (_what, body, field) => {
  await vend();
  const answer = await post(body);
  expect([answer.status, answer.body.error, answer.body.field]).toEqual([400, expect.any(String), field]);
  expect(answer.body.error_description).toMatch(/^[\x20-\x7e’]+$/);
  expect(states()).toEqual(['issued']);
  expect(tvm.continuations.waiting).toEqual([]);
});

it.each([
  ['4a81ca62-404f-430e-871f-5710f1bd1ce7', 404, 'not_found'],
  ['', 400, 'invalid_request'],
  ['a#b', 400, 'invalid_request'],
  ['x'.repeat(200), 400, 'invalid_request'],
])('tells that there is no revocation %j', async (id, status, error) => {
  const answer = await get(id);
  expect([answer.status, answer.body.error]).toEqual([status, error]);
});

it('lifts a block once, and refuses what names no subject or more', async () => {
  await tvm.standings.block(SUBJECT, { until: tvm.clock.now() + 1_000, at: tvm.clock.now(), by: OPERATOR });
  const lift = async (body: object) => {
    const answer = await liftEndpoint(tvm)(requestOf({ body: JSON.stringify(body) }), context);
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  expect(await lift({ all: true })).toMatchObject({ status: 400 });
  expect(await lift({ subject: SUBJECT, all: true })).toMatchObject({ status: 400, body: { field: 'all' } });
  expect((await lift({ subject: 'arn:aws:sts::111122223333:assumed-role/orders-service/i-1' })).body).toEqual({
    unblocked: true,
  });
  expect((await lift({ subject: SUBJECT })).body).toEqual({ unblocked: false });
});
