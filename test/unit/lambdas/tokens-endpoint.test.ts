import { tokenLifeResponse, tokenListResponse, tokenSummaryResponse } from '@tvm/contract/token-list.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tokensEndpoint } from '#lambdas/list-tokens/tokens-endpoint.ts';
import { asking, from, ISSUER, inMemoryService, rules } from '../../fakes/in-memory-service.ts';
import { inMemoryOpenTokens, inMemoryTraces, localMac } from '../../fakes/tokens-view.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'list-tokens', awsRequestId: 'r' } as Context;

async function listing() {
  const tvm = await inMemoryService();
  await issueToken(asking(), from, rules, tvm);
  const [record] = tvm.records.states.values();
  if (record === undefined) throw new Error('no record');
  await tvm.index.add(record);
  return { ...tvm, mac: localMac(), traces: inMemoryTraces(), tokens: inMemoryOpenTokens(tvm.records) };
}

let ports: Awaited<ReturnType<typeof listing>>;
beforeEach(async () => {
  ports = await listing();
  catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A request in the format of API Gateway. */
async function get(
  resource: string,
  query: Record<string, string[]> | null = null,
  id?: string,
  identity: object = from,
) {
  const event = {
    resource,
    headers: {},
    multiValueQueryStringParameters: query,
    pathParameters: id === undefined ? null : { id },
    requestContext: { requestId: 'request-1', identity: { accountId: from.account, ...identity } },
  } as unknown as APIGatewayProxyEvent;
  const { statusCode, headers, body } = await tokensEndpoint(ISSUER, ports)(event, context);
  return { statusCode, headers, body: JSON.parse(body) };
}

const idOf = () => [...ports.records.states.keys()][0] ?? '';

describe('GET /tokens', () => {
  it('lists the selected tokens', async () => {
    const { statusCode, headers, body } = await get('/tokens', { audience: ['orders-db'], limit: ['5'] });
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(tokenListResponse.strict().parse(body).tokens).toMatchObject([{ token_id: idOf(), state: 'active' }]);
    expect((await get('/tokens', { audience: ['billing'] })).body).toEqual({ tokens: [] });
  });

  it.each<[string, Record<string, string[]>, string]>([
    ['given twice', { audience: ['orders-db', 'billing'] }, 'audience must be given only once'],
    ['unknown', { colour: ['red'] }, 'colour is not a known field'],
    ['out of bounds', { limit: ['101'] }, 'limit must be a number from 1 to 100'],
    ['not a number', { limit: ['ten'] }, 'limit must be a number from 1 to 100'],
    ['not a state', { state: ['alive'] }, 'state must be active, expired, revoked, failed or denied'],
    ['not a time', { issued_after: ['yesterday'] }, 'issued_after must be a time such as 2026-11-22T09:30:00Z'],
    ['not an address', { source_ip: ['10.0.0'] }, 'source_ip must be an IPv4 or IPv6 address'],
    ['not a cursor', { cursor: ['x.y'] }, 'cursor must be the next_cursor of a page with the same members'],
    ['too long', { cursor: ['x'.repeat(1_025)] }, 'cursor must be the next_cursor of a page'],
    ['a cursor of another page', { id: ['4a81ca62-404f-430e-871f-5710f1bd1ce7'] }, 'id is not a known field'],
  ])('refuses what is %s', async (_what, query, sentence) => {
    const { statusCode, body } = await get('/tokens', query);
    expect([statusCode, body.error_description]).toEqual([400, sentence]);
  });
});

describe('GET /tokens/{id}', () => {
  it('shows one token’s life', async () => {
    const { statusCode, body } = await get('/tokens/{id}', null, idOf());
    expect(statusCode).toBe(200);
    expect(tokenLifeResponse.strict().parse(body)).toMatchObject({ token_id: idOf(), introspections: [] });
  });

  it('responds with 404 for an unknown id, and with 400 for a malformed one', async () => {
    const unknown = await get('/tokens/{id}', null, '4a81ca62-404f-430e-871f-5710f1bd1ce7');
    expect(unknown).toMatchObject({ statusCode: 404, body: { error: 'not_found', request_id: 'request-1' } });
    expect(await get('/tokens/{id}', null, 'x')).toMatchObject({ statusCode: 400, body: { field: 'id' } });
    expect(await get('/tokens/{id}', { id: [idOf()] }, idOf())).toMatchObject({ statusCode: 400 });
  });
});

describe('GET /tokens/summary', () => {
  it('counts active tokens', async () => {
    const { body } = await get('/tokens/summary');
    expect(tokenSummaryResponse.strict().parse(body)).toMatchObject({ active: 1, by_audience: { 'orders-db': 1 } });
  });

  it('takes no parameters', async () => {
    expect(await get('/tokens/summary', { subject: ['x'] })).toMatchObject({ statusCode: 400 });
  });
});

it('responds with 503 if the table fails, and with 500 without an authenticated caller', async () => {
  ports.index = { ...ports.index, page: () => Promise.reject(new DependencyFault('DynamoDB', new Error('slow'))) };
  expect(await get('/tokens')).toMatchObject({ statusCode: 503, body: { error: 'temporarily_unavailable' } });
  expect(await get('/tokens/summary', null, undefined, { userArn: null })).toMatchObject({ statusCode: 500 });
});
