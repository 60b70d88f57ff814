import { generateKeyPairSync } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { TOKEN_EXCHANGE, TOKEN_TYPES } from '@tvm/contract/federation.ts';
import { sampledPerMinute } from '@tvm/core/issuing/exchange-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { createRemoteJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dynamoRecentBehaviour } from '#lambdas/adapters/dynamo/recent-behaviour.ts';
import { dynamoStatusIndexes } from '#lambdas/adapters/dynamo/status-indexes.ts';
import { dynamoSubjectStatuses } from '#lambdas/adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { proofKeys } from '#lambdas/adapters/http/proof-keys.ts';
import { kmsSigner } from '#lambdas/adapters/kms/signer.ts';
import { exchangeEndpoint } from '#lambdas/exchange-token/exchange-endpoint.ts';
import { policyBundle, SCHEMA } from '../fakes/policies.ts';
import { curl } from '../support/curl.ts';
import { endpoint, introspect, operator, readOrders } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { settingsOf } from '../support/function-settings.ts';
import { httpListener } from '../support/http-listener.ts';

// The deployed policies have no trust entries, so the endpoint runs here, with the table, the key and the status lists of the
// deployed service. Its tokens are introspected, listed and revoked there.

const { target, outputs } = inject('deployed');
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = createRemoteJWKSet(new URL(`${endpoint}/.well-known/jwks.json`));

let issuer: Awaited<ReturnType<typeof httpListener>>;
let handler: ReturnType<typeof exchangeEndpoint>;

beforeAll(async () => {
  const key = { ...(await exportJWK(publicKey)), kid: 'key-1', use: 'sig', alg: 'RS256' };
  issuer = await httpListener(({ path }, response) => {
    response.setHeader('content-type', 'application/json');
    if (path === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` }));
    } else response.end(JSON.stringify({ keys: [key] }));
  });
  const settings = await settingsOf('issue-token');
  const dynamo = new DynamoDBClient(target);
  const bundle = policyBundle(
    '@id("ci-reads") permit (principal in Trust::"ci", action == Action::"read", resource in Resource::"orders-db");',
    {
      'schema.cedarschema': SCHEMA,
      'trust.yaml': `ci: { oidc: { issuer: "${issuer.url}", require: { repository_id: "7" }, replay: once, subject: "repo:{repository_id}" } }`,
    },
  );
  handler = exchangeEndpoint(
    { issuer: endpoint, defaultLifetime: 900, defaultWriteLifetime: 300, maxLifetime: 3_600, recordRetention: 86_400 },
    {
      policies: policyDecisionPoint(bundle),
      conditions: [],
      behaviour: dynamoRecentBehaviour(dynamo, outputs.TableName, 3_600),
      signer: kmsSigner(new KMSClient(target), outputs.SigningKeyArn),
      records: dynamoTokenRecords(dynamo, outputs.TableName),
      subjectStatuses: dynamoSubjectStatuses(dynamo, outputs.TableName),
      statusIndexes: dynamoStatusIndexes(
        dynamo,
        settings.STATUS_LIST_TABLE ?? '',
        Number(settings.STATUS_LIST_SIZE),
        Date,
      ),
      restricted: recentSubjects(Date),
      clock: Date,
      ids: { next: () => crypto.randomUUID() },
      proofKeys: proofKeys({ allow: ['127.0.0.1'] }),
      usedProofs: recentSubjects(Date),
      isSampled: sampledPerMinute(Date),
    },
  );
});
afterAll(() => issuer.close());

function proof(claims: Record<string, unknown> = {}) {
  return new SignJWT({ repository_id: '7', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
    .setIssuer(issuer.url)
    .setSubject('repo:orders')
    .setAudience(endpoint)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(privateKey);
}

async function exchange(subject_token: string) {
  const form = new URLSearchParams({
    grant_type: TOKEN_EXCHANGE,
    subject_token,
    subject_token_type: TOKEN_TYPES.idToken,
    audience: 'orders-db',
    authorization_details: JSON.stringify([readOrders]),
  });
  const event = {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
    requestContext: { requestId: crypto.randomUUID(), identity: { sourceIp: '203.0.113.7' } },
  } as unknown as APIGatewayProxyEvent;
  const { statusCode, body } = await handler(event, { functionName: 'exchange-token' } as Context);
  return { statusCode, body: JSON.parse(body) };
}

it('a workload without an AWS identity gets a token that verifies, is introspected and revoked like any other', async () => {
  const { statusCode, body } = await exchange(await proof());
  expect([statusCode, body.issued_token_type]).toEqual([200, TOKEN_TYPES.accessToken]);
  const { payload } = await jwtVerify(body.access_token, jwks, { issuer: endpoint, audience: 'orders-db' });
  expect(payload).toMatchObject({ sub: 'ci:repo:7', jti: body.token_id });
  expect((payload.exp ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(300);
  expect(await introspect(body.access_token)).toMatchObject({ active: true, sub: 'ci:repo:7' });
  const life = await curl(`${endpoint}/tokens/${body.token_id}`, operator);
  expect(life.body).toMatchObject({ state: 'active', subject: 'ci:repo:7', account: '' });

  const selector = JSON.stringify({ token_id: body.token_id });
  const revoked = await curl(
    `${endpoint}/revocations`,
    operator,
    '-H',
    'content-type: application/json',
    '-d',
    selector,
  );
  expect(revoked.status).toBe(200);
  await eventually(async () => expect(await introspect(body.access_token)).toEqual({ active: false }));
});

it('one proof gets one token, also of requests at once', async () => {
  const once = await proof();
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => exchange(once)));
  expect(outcomes.map(({ statusCode }) => statusCode).sort()).toEqual([200, 400, 400, 400]);
  expect(await exchange(once)).toMatchObject({
    statusCode: 400,
    body: { error: 'invalid_request', error_description: 'the proof was used before: request a new one' },
  });
});

it('operators see which claim of a refused proof failed, and the workload does not', async () => {
  const { statusCode, body } = await exchange(await proof({ repository_id: '8' }));
  expect([statusCode, body.error, body.error_description]).toEqual([
    400,
    'invalid_request',
    'the proof was not accepted',
  ]);
  await eventually(async () => {
    const { body: list } = await curl(`${endpoint}/tokens?state=denied`, operator);
    const refused = { subject: 'ci', state: 'denied', denial: 'proof_refused' };
    expect(list.tokens).toContainEqual(expect.objectContaining(refused));
  });
});

it('the keys are fetched once for all proofs', () => {
  expect(issuer.heard.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration', '/jwks']);
});
