import { explanation } from '@tvm/contract/explanation.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { explainEndpoint, OPERATORS_PATH } from '#lambdas/explain-token/explain-endpoint.ts';
import { asking, from, inMemoryService, rules, SUBJECT } from '../../fakes/in-memory-service.ts';
import { policyBundle, SCHEMA } from '../../fakes/policies.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'explain-token', awsRequestId: 'r' } as Context;
const OTHER = 'arn:aws:iam::111122223333:role/reports';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
let printed: () => string;
beforeEach(async () => {
  tvm = await inMemoryService();
  printed = catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A request to one of the two paths, in the format of API Gateway. */
async function post(resource: string, body: object, userArn = from.userArn) {
  const identity = { userArn, accountId: from.account, sourceIp: from.sourceIp };
  const event = {
    resource,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    requestContext: { requestId: 'request-1', identity },
  } as unknown as APIGatewayProxyEvent;
  const { statusCode, body: text } = await explainEndpoint(rules, tvm)(event, context);
  return { statusCode, body: JSON.parse(text) };
}

const TRUSTED = policyBundle(
  `@id("a") permit (principal in Trust::"github", action == Action::"read", resource in Resource::"orders-db")
   when { principal has claims.environment && principal.claims.environment == "production" };`,
  { 'schema.cedarschema': SCHEMA },
);

it('on the operators’ path explains a federated workload with the claims of its record', async () => {
  tvm = await inMemoryService('ES256', TRUSTED);
  const ask = async (claims?: object) => {
    const subject = 'github:repo:1296269';
    return (await post(OPERATORS_PATH, { ...asking(), subject, ...(claims && { claims }) })).body;
  };
  expect(await ask({ environment: 'production' })).toMatchObject({ allowed: true, subject: 'github:repo:1296269' });
  expect(await ask({ environment: 'test' })).toMatchObject({ allowed: false });
  expect(await ask()).toMatchObject({ allowed: false });
});

it.each([
  ['claims of an AWS workload', { subject: SUBJECT, claims: {} }, 'claims'],
  ['claims that are nested', { subject: 'github:a', claims: { a: { b: 'c' } } }, 'claims.a'],
  ['an organization of a federated workload', { subject: 'github:a', organization: 'o-a1b2c3d4e5' }, 'organization'],
  ['a subject in another spelling', { subject: 'github:%41' }, 'subject'],
])('on the operators’ path refuses %s', async (_, fields, field) => {
  expect(await post(OPERATORS_PATH, { ...asking(), ...fields })).toMatchObject({ statusCode: 400, body: { field } });
});

it('explains the body of a token request, without issuing or recording a token', async () => {
  const { statusCode, body } = await post('/explain', asking());
  expect(statusCode).toBe(200);
  expect(explanation.strict().parse(body)).toMatchObject({ allowed: true, subject: SUBJECT, source_ip: from.sourceIp });
  expect(tvm.records.states.size).toBe(0);
  expect(printed()).toContain('"outcome": "allowed"');
  expect(printed()).not.toContain('orders-db');
});

it.each([
  '/explain',
  '/explain/',
  '/token',
  '',
])('on %j explains the caller’s request, whatever the body contains', async (path) => {
  const others = { subject: OTHER, source_ip: '198.51.100.1', time: '2020-01-01T00:00:00Z' };
  const { body } = await post(path, { ...asking(), ...others });
  expect(body).toMatchObject({ subject: SUBJECT, source_ip: from.sourceIp, time: '2026-01-01T12:00:00.500Z' });
  expect(JSON.stringify(body)).not.toMatch(/\.cedar/);
});

it('on the operators’ path explains the subject’s request with its address and time, and shows policy positions', async () => {
  const { body } = await post(OPERATORS_PATH, {
    ...asking(),
    subject: `${SUBJECT.replace('iam', 'sts').replace(':role', ':assumed-role')}/session`,
    source_ip: '2001:db8::1',
    time: '2025-12-31T23:00:00+01:00',
  });
  expect(body).toMatchObject({
    allowed: true,
    subject: SUBJECT,
    source_ip: '2001:db8::1',
    time: '2025-12-31T22:00:00.000Z',
    pairs: [{ policies: [{ id: 'reads-orders', file: 'policies/test.cedar' }] }],
  });
  expect((await post(OPERATORS_PATH, { ...asking(), subject: OTHER })).body.allowed).toBe(false);
});

it('an operator must name the subject', async () => {
  expect(await post(OPERATORS_PATH, asking())).toMatchObject({ statusCode: 400, body: { field: 'subject' } });
});

it('names the field of a bad request', async () => {
  expect(await post('/explain', asking({ expires_in: 3_601 }))).toMatchObject({
    statusCode: 400,
    body: { field: 'expires_in', request_id: 'request-1' },
  });
});

it('refuses an unsupported identity', async () => {
  expect(await post('/explain', asking(), 'arn:aws:iam::111122223333:root')).toMatchObject({
    statusCode: 403,
    body: { error: 'access_denied' },
  });
});
