import { revocationDryRunResponse, revocationResponse } from '@tvm/contract/revocation.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { liftEndpoint } from '#lambdas/lift-block/lift-endpoint.ts';
import { revocationsEndpoint } from '#lambdas/revoke-tokens/revocations-endpoint.ts';
import { asking, from, inMemoryService, rules, SUBJECT, targets } from '../../fakes/in-memory-service.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'revoke-tokens', awsRequestId: 'r' } as Context;
const OPERATOR = 'arn:aws:iam::111122223333:user/operator';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
beforeEach(async () => {
  tvm = await inMemoryService();
  catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A request in the format of API Gateway. */
const requestOf = (change: Partial<APIGatewayProxyEvent>) =>
  ({
    httpMethod: 'POST',
    headers: { 'content-type': 'application/json' },
    requestContext: { requestId: 'r', identity: { userArn: OPERATOR, accountId: '111122223333', sourceIp: '::1' } },
    ...change,
  }) as APIGatewayProxyEvent;

async function call(change: Partial<APIGatewayProxyEvent>) {
  const { statusCode, body } = await revocationsEndpoint({ blockFor: 60, ...targets }, tvm)(requestOf(change), context);
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

it('returns the count and the progress, and the same later by id', async () => {
  await vend();
  const { status, body } = await post({ subject: SUBJECT, reason: 'leaked' });
  expect(revocationResponse.strict().parse(body)).toMatchObject({ status: 'running', revoked: 1 });
  expect([status, Date.parse(body.blocked_until)]).toEqual([200, tvm.clock.now() + 60_000]);
  tvm.clock.time += 10_000;
  const { revocation_id } = body;
  expect(await get(revocation_id)).toEqual({ status: 200, body: { revocation_id, status: 'running', revoked: 1 } });
  expect([...tvm.records.states.values()]).toMatchObject([{ revokedBy: OPERATOR, revocationReason: 'leaked' }]);
});

it('schedules the continuation before it submits a revocation, so that an aborted one continues', async () => {
  await vend();
  const { submit } = tvm.orders;
  let waitingThen = 0;
  tvm.orders.submit = async (order) => {
    waitingThen = tvm.continuations.waiting.length;
    return submit(order);
  };
  const { body } = await post({ all: true });
  expect(waitingThen).toBe(1);
  expect(tvm.continuations.waiting).toEqual([{ revocationId: body.revocation_id, after: 8 }]);
});

it.each<[string, object | string, string | undefined]>([
  ['an unknown field', { subject: SUBJECT, everything: true }, 'everything'],
  ['an event’s name of a field', { tokenId: '4a81ca62-404f-430e-871f-5710f1bd1ce7' }, 'tokenId'],
  ['nothing', {}, 'all'],
  ['only a reason', { reason: 'all of them' }, 'all'],
  ['all = false', { all: false }, 'all'],
  ['all as a string', { all: 'true' }, 'all'],
  ['all with another selector', { all: true, audience: 'orders-db' }, 'all'],
  ['only a time', { issued_before: '2026-01-01T00:00:00Z' }, 'all'],
  ['an invalid time', { all: true, issued_before: '1 January' }, 'issued_before'],
  ['a root user', { subject: 'arn:aws:iam::111122223333:root' }, 'subject'],
  ['an empty audience', { audience: '' }, 'audience'],
  ['a location with ..', { resource: 'db/../all' }, 'resource'],
  ['a block of a task', { subject: SUBJECT, task: 't', block_for: 60 }, 'block_for'],
  ['a negative block', { subject: SUBJECT, block_for: -1 }, 'block_for'],
  ['a dry run as a string', { all: true, dry_run: 'yes' }, 'dry_run'],
  ['allow_unknown as a string', { all: true, allow_unknown: 'yes' }, 'allow_unknown'],
  ['an array', '[]', undefined],
  ['a duplicate property', '{"subject":"a","subject":"b"}', undefined],
])('refuses %s, and revokes nothing', async (_what, body, field) => {
  await vend();
  const answer = await post(body);
  expect([answer.status, answer.body.error, answer.body.field]).toEqual([400, expect.any(String), field]);
  expect(answer.body.error_description).toMatch(/^[\x20-\x7e’]+$/);
  expect(states()).toEqual(['issued']);
  expect(tvm.continuations.waiting).toEqual([]);
});

const MISSPELT = SUBJECT.replace('service', 'servcie');

it.each<[string, Record<string, unknown>, string, RegExp]>([
  [
    'a misspelt subject',
    { subject: MISSPELT },
    'subject',
    /^subject \S+:role\/orders-servcie is not known: .*records are stored until 90d .*did you mean \S+:role\/orders-service\?$/,
  ],
  [
    'a subject in another case',
    { subject: SUBJECT.toUpperCase().replace(/^ARN:AWS:IAM|ROLE/g, (part) => part.toLowerCase()) },
    'subject',
    /did you mean/,
  ],
  ['a policy', { policy: 'reads-order' }, 'policy', /did you mean reads-orders\?$/],
  ['a bundle', { policy_bundle: 'ab'.repeat(32) }, 'policy_bundle', /^policy_bundle abab/],
  ['a token', { token_id: '11111111-2222-4333-8444-555555555555' }, 'token_id', /^token_id 1111.* no stored record/],
  ['a dry run of a task', { task: 'none', dry_run: true }, 'task', /^task none/],
  ['a task that may not be unknown', { task: 'none', allow_unknown: false }, 'task', /^task none/],
])('refuses an unknown target: %s. Revokes nothing, and blocks nobody', async (_what, body, field, sentence) => {
  await vend();
  const answer = await post(body);
  expect([answer.status, answer.body.error, answer.body.field]).toEqual([404, 'unknown_target', field]);
  expect(answer.body.error_description).toMatch(sentence);
  // RFC 6749, section 5.2, allows only these characters.
  expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  expect(states()).toEqual(['issued']);
  expect(tvm.continuations.waiting).toEqual([]);
  expect([...tvm.facts.facts]).toEqual([]);
  for (const subject of [MISSPELT, SUBJECT]) expect(await tvm.subjectStatuses.get(subject)).toEqual({});
});

it.each([
  ['JSON', { 'content-type': 'application/json' }, JSON.stringify({ subject: MISSPELT, allow_unknown: true })],
  [
    'a form',
    { 'content-type': 'application/x-www-form-urlencoded' },
    new URLSearchParams({ subject: MISSPELT, allow_unknown: 'true' }).toString(),
  ],
])('blocks a workload that never requested a token, if %s allows unknown ones', async (_what, headers, body) => {
  expect((await call({ headers, body })).status).toBe(200);
  expect((await tvm.subjectStatuses.get(MISSPELT)).block).toMatchObject({ until: tvm.clock.now() + 60_000 });
});

it('counts in a dry run, and changes nothing', async () => {
  await vend();
  await vend();
  for (const body of [{ all: true }, { subject: SUBJECT }, { audience: 'orders-db' }]) {
    const answer = await post({ ...body, dry_run: true });
    expect(answer.status).toBe(200);
    expect(revocationDryRunResponse.strict().parse(answer.body)).toEqual({ would_revoke: 2, subjects: 1 });
  }
  const encoded = { 'content-type': 'application/x-www-form-urlencoded' };
  expect(await call({ headers: encoded, body: 'all=true&dry_run=true' })).toMatchObject({ body: { would_revoke: 2 } });
  expect(states()).toEqual(['issued', 'issued']);
  expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
  expect(tvm.continuations.waiting).toEqual([]);
});

it('reports in a dry run that the count is incomplete', async () => {
  await vend();
  const { page } = tvm.index;
  tvm.index.page = async (query) => {
    tvm.clock.time += 1_000;
    return { ...(await page(query)), next: 'more' };
  };
  expect((await post({ all: true, dry_run: true })).body).toEqual({ would_revoke: 5, subjects: 1, at_least: true });
});

it.each([
  ['4a81ca62-404f-430e-871f-5710f1bd1ce7', 404, 'not_found'],
  ['', 400, 'invalid_request'],
  ['a#b', 400, 'invalid_request'],
  ['x'.repeat(200), 400, 'invalid_request'],
])('reports that there is no revocation %j', async (id, status, error) => {
  const answer = await get(id);
  expect([answer.status, answer.body.error]).toEqual([status, error]);
});

it('lifts a block once, and refuses a request without exactly one subject', async () => {
  await tvm.subjectStatuses.block(SUBJECT, { until: tvm.clock.now() + 1_000, at: tvm.clock.now(), by: OPERATOR });
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
