import type { ServerResponse } from 'node:http';
import { SESSION_REVOKED, securityEventError } from '@tvm/contract/security-event.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { transmitterKeys } from '#lambdas/adapters/http/transmitter-keys.ts';
import { securityEventEndpoint } from '#lambdas/receive-security-event/security-event-endpoint.ts';
import { asking, from, ISSUER, inMemoryService, rules } from '../../fakes/in-memory-service.ts';
import {
  AUDIENCE,
  inMemoryReceivedSecurityEvents,
  securityEventTransmitter,
  TRANSMITTER,
} from '../../fakes/security-event-transmitter.ts';
import { httpListener } from '../../support/http-listener.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'receive-security-event', awsRequestId: 'r' } as Context;
const TOKEN = '00000001-0000-4000-8000-000000000000';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
let transmitter: Awaited<ReturnType<typeof securityEventTransmitter>>;
let printed: () => string;
beforeEach(async () => {
  printed = catchPrinted();
  tvm = await inMemoryService();
  transmitter = await securityEventTransmitter();
  await issueToken(asking(), from, rules, tvm);
});
afterEach(() => vi.restoreAllMocks());

/** The endpoint with a trusted transmitter that serves its keys with this handler. */
async function endpoint(serve: (response: ServerResponse) => void) {
  const listener = await httpListener((_, response) => serve(response));
  onTestFinished(() => listener.close());
  const trusted = { issuer: TRANSMITTER, audience: AUDIENCE, keys: transmitterKeys(`${listener.url}/jwks.json`) };
  const handle = securityEventEndpoint(
    { issuer: ISSUER, transmitters: new Map([[TRANSMITTER, trusted]]), blockFor: 0 },
    { ...tvm, received: inMemoryReceivedSecurityEvents(), continuations: { schedule: async () => {} } },
  );
  const post = (body: string, headers: object = { 'Content-Type': 'application/secevent+jwt' }) =>
    handle({ headers, body, requestContext: { requestId: 'request-1' } } as unknown as APIGatewayProxyEvent, context);
  return { post, fetched: listener.heard };
}

const set = (change = {}, header = {}) =>
  transmitter.sign(
    {
      jti: 'one',
      iat: Math.floor(tvm.clock.time / 1000),
      sub_id: { format: 'opaque', id: TOKEN },
      events: { [SESSION_REVOKED]: {} },
      ...change,
    },
    header,
  );
const serveKeys = (response: ServerResponse) => response.end(JSON.stringify(transmitter.jwks));

it('accepts a SET with 202 and an empty body, fetches the keys once, and does not log the SET', async () => {
  const { post, fetched } = await endpoint(serveKeys);
  const signed = await set();
  expect(await post(signed)).toMatchObject({ statusCode: 202, body: '' });
  expect(await post(signed, { 'content-type': 'application/secevent+jwt; charset=utf-8' })).toMatchObject({
    statusCode: 202,
  });
  expect(tvm.records.states.get(TOKEN)?.status).toBe('revoked');
  expect(fetched).toMatchObject([{ method: 'GET', path: '/jwks.json' }]);
  for (const part of signed.split('.')) expect(printed()).not.toContain(part);
});

it('refuses with 400, an RFC 8935 code and a description (section 2.3)', async () => {
  const { post } = await endpoint(serveKeys);
  const { statusCode, headers, body } = await post(await set({ aud: 'https://sp.example.com' }));
  expect([statusCode, headers]).toMatchObject([400, { 'content-type': 'application/json', 'content-language': 'en' }]);
  expect(securityEventError.strict().parse(JSON.parse(body))).toMatchObject({ err: 'invalid_audience' });
});

it('refuses another content type, an oversize body and a missing body before it parses anything', async () => {
  const { post, fetched } = await endpoint(serveKeys);
  for (const [body, headers] of [
    [await set(), { 'content-type': 'application/json' }],
    [await set(), {}],
    [`${await set()}${'x'.repeat(16_384)}`],
    [''],
  ] as const) {
    const { statusCode, body: answered } = await post(body, headers);
    expect([statusCode, JSON.parse(answered).err]).toEqual([400, 'invalid_request']);
  }
  expect(fetched).toEqual([]);
  expect(tvm.records.states.get(TOKEN)?.status).toBe('issued');
});

it('fetches keys only for a trusted issuer, and not repeatedly for an unknown kid', async () => {
  const { post, fetched } = await endpoint(serveKeys);
  const stranger = await securityEventTransmitter('https://stranger.example.com');
  await post(await stranger.sign({}));
  expect(fetched).toEqual([]);
  for (let time = 0; time < 5; time++) {
    expect(JSON.parse((await post(await set({}, { kid: `kid-${time}` }))).body).err).toBe('invalid_key');
  }
  expect(fetched).toHaveLength(1);
});

it.each([
  ['missing', (response: ServerResponse) => response.writeHead(404).end()],
  ['not a JWKS', (response: ServerResponse) => response.end('<html>')],
  ['endless', (response: ServerResponse) => response.end('x'.repeat(300_000))],
  ['redirected', (response: ServerResponse) => response.writeHead(302, { location: 'http://127.0.0.1:9' }).end()],
])('fails with 503 if the keys are %s, and does not fetch them again immediately', async (_, serve) => {
  const { post, fetched } = await endpoint(serve);
  for (let time = 0; time < 3; time++) expect(await post(await set())).toMatchObject({ statusCode: 503 });
  expect(fetched.filter(({ path }) => path === '/jwks.json')).toHaveLength(1);
  expect(tvm.records.states.get(TOKEN)?.status).toBe('issued');
});
