import { federatedTokenResponse, JWT_ASSERTION, TOKEN_EXCHANGE, TOKEN_TYPES } from '@tvm/contract/federation.ts';
import { limits } from '@tvm/contract/limits.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { exchangeEndpoint } from '#lambdas/exchange-token/exchange-endpoint.ts';
import { metrics } from '#lambdas/runtime/observability.ts';
import { rules } from '../../fakes/in-memory-service.ts';
import { asserting, exchanging, federatedService, KEY } from '../../support/federated-service.ts';
import { catchPrinted } from '../../support/printed.ts';
import { issuerKey, signedProof } from '../../support/proofs.ts';

const context = { functionName: 'exchange-token', awsRequestId: 'r' } as Context;

type Service = Awaited<ReturnType<typeof federatedService>>;
let tvm: Service;
let printed: () => string;
let counted: MockInstance<typeof metrics.addMetric>;
beforeEach(async () => {
  tvm = await federatedService();
  printed = catchPrinted();
  counted = vi.spyOn(metrics, 'addMetric');
});
afterEach(() => vi.restoreAllMocks());

/** An unsigned request to `POST /federation/token` in the format of API Gateway. */
async function post(body: object | string, ports: Partial<Service> = {}) {
  const form = typeof body === 'string';
  const event = {
    headers: { 'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json' },
    body: form ? body : JSON.stringify(body),
    requestContext: { requestId: 'request-1', identity: { userArn: null, accountId: null, sourceIp: '203.0.113.7' } },
  } as unknown as APIGatewayProxyEvent;
  const answer = await exchangeEndpoint(rules, { ...tvm, ...ports })(event, context);
  return { ...answer, body: JSON.parse(answer.body) };
}

const vended = () => [...tvm.records.states.values()].filter(({ status }) => status !== 'denied');

describe('the response', () => {
  it('is that of /token with the type of the token, and neither it nor the proof is logged or cached', async () => {
    const proof = tvm.proof('ci');
    const { statusCode, headers, body } = await post(exchanging(proof));
    expect([statusCode, headers?.['cache-control']]).toEqual([200, 'no-store']);
    expect(federatedTokenResponse.strict().parse(body).issued_token_type).toBe(TOKEN_TYPES.accessToken);
    for (const part of [...proof.split('.'), ...body.access_token.split('.')]) expect(printed()).not.toContain(part);
    expect(counted).toHaveBeenCalledWith('TokensIssued', 'Count', 1);
  });

  it('names the requested type', async () => {
    const { body } = await post(exchanging(tvm.proof('ci'), { requested_token_type: TOKEN_TYPES.jwt }));
    expect(body.issued_token_type).toBe(TOKEN_TYPES.jwt);
  });

  it('is the same for a form, in which empty parameters are absent', async () => {
    const { authorization_details, ...others } = exchanging(tvm.proof('ci'));
    const form = new URLSearchParams({
      ...(others as object),
      client_id: '',
      client_assertion: '',
      scope: '',
    });
    form.set('authorization_details', JSON.stringify(authorization_details));
    expect((await post(form.toString())).statusCode).toBe(200);
  });

  it('grants roles, partial grants and shorter lifetimes as /token does', async () => {
    const details = [{ type: 'resource' as const, locations: ['orders-db/orders'], actions: ['read', 'write'] }];
    const request = {
      authorization_details: details,
      grant: 'partial' as const,
      expires_in: 60,
      task: 'build-7',
      reason: 'deploy',
    };
    const { statusCode, body } = await post(exchanging(tvm.proof('ci'), request));
    expect([statusCode, body.expires_in, body.authorization_details]).toEqual([
      200,
      60,
      [{ ...details[0], actions: ['read'] }],
    ]);
    expect(vended()).toMatchObject([{ task: 'build-7', reason: 'deploy' }]);
  });
});

describe('a request that is not one of the two', () => {
  const rows: [string, (proof: string) => object, string, string][] = [
    ['without a grant type', (p) => ({ ...exchanging(p), grant_type: undefined }), 'invalid_request', 'grant_type'],
    [
      'of another grant type',
      (p) => ({ ...exchanging(p), grant_type: 'password' }),
      'unsupported_grant_type',
      'grant_type',
    ],
    ['without a proof', (p) => ({ ...exchanging(p), subject_token: undefined }), 'invalid_request', 'subject_token'],
    [
      'without the type of its proof',
      (p) => ({ ...exchanging(p), subject_token_type: undefined }),
      'invalid_request',
      'subject_token_type',
    ],
    [
      'with a proof of another type',
      (p) => ({ ...exchanging(p), subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }),
      'invalid_request',
      'subject_token_type',
    ],
    [
      'for a refresh token',
      (p) => ({ ...exchanging(p), requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }),
      'invalid_request',
      'requested_token_type',
    ],
    ['of an actor', (p) => ({ ...exchanging(p), actor_token: p }), 'invalid_request', 'actor_token'],
    [
      'with both',
      (p) => ({ ...exchanging(p), client_assertion: p, client_assertion_type: JWT_ASSERTION }),
      'invalid_request',
      'client_assertion',
    ],
    [
      'without an assertion',
      (p) => ({ ...asserting(p), client_assertion: undefined }),
      'invalid_request',
      'client_assertion',
    ],
    [
      'with an assertion of another type',
      (p) => ({ ...asserting(p), client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }),
      'invalid_request',
      'client_assertion_type',
    ],
    [
      'for an invalid resource',
      (p) => ({ ...exchanging(p), audience: undefined, resource: 'orders' }),
      'invalid_target',
      'resource',
    ],
  ];
  it.each(rows)('%s gets 400 with the field', async (_, request, error, field) => {
    const { statusCode, body } = await post(request(tvm.proof('ci')));
    expect([statusCode, body.error, body.field]).toEqual([400, error, field]);
    expect(tvm.records.states.size).toBe(0);
  });

  it.each([
    ['text'],
    [{ act: 'text' }],
    [7],
    [null],
  ])('says that delegation is not supported, for the actor %j', async (actor_token) => {
    const { body } = await post({ ...exchanging(tvm.proof('ci')), actor_token });
    expect(body.error_description).toBe('actor_token must be absent: delegation is not supported');
  });

  it('is refused if a parameter is given twice', async () => {
    const { statusCode, body } = await post(
      `grant_type=${encodeURIComponent(TOKEN_EXCHANGE)}&subject_token=a&subject_token=b`,
    );
    expect([statusCode, body.error, body.field]).toEqual([400, 'invalid_request', 'subject_token']);
  });
});

describe('a bad proof', () => {
  const DAY = 86_400;
  const rows: [string, (name: string) => string, string][] = [
    [
      'that is expired',
      (name) => tvm.proof(name, { iat: tvm.now - 200, exp: tvm.now - 100 }),
      'the proof has expired or is too old: request a new one',
    ],
    ['that is not yet valid', (name) => tvm.proof(name, { nbf: tvm.now + 300 }), 'the proof was not accepted'],
    [
      'that is too old',
      (name) => tvm.proof(name, { iat: tvm.now - DAY }),
      'the proof has expired or is too old: request a new one',
    ],
    [
      'for another audience',
      (name) => tvm.proof(name, { aud: 'https://other.example.com' }),
      'the proof is for another audience: request it for https://tokens.example.com',
    ],
    [
      'with alg none',
      (name) => replacedHeader(tvm.proof(name), { alg: 'none' }).replace(/[^.]*$/, ''),
      'the proof must be a signed JWT: three parts with dots between',
    ],
    [
      'with alg none and a signature',
      (name) => replacedHeader(tvm.proof(name), { alg: 'none' }),
      'the proof was not accepted',
    ],
    [
      'with HMAC by the public key',
      (name) => replacedHeader(tvm.proof(name), { alg: 'HS256', kid: 'key-1' }),
      'the proof was not accepted',
    ],
    ...['crit', 'jku', 'x5u', 'x5c', 'jwk'].map((parameter): [string, (name: string) => string, string] => [
      `with ${parameter} in its header`,
      (name) => tvm.proof(name, {}, { [parameter]: parameter === 'crit' ? ['exp'] : 'https://attacker.example.com' }),
      'the proof was not accepted',
    ]),
    [
      'of over 8,192 characters',
      (name) => tvm.proof(name, { padding: 'x'.repeat(limits.proofLength) }),
      `the proof must have at most ${limits.proofLength} characters`,
    ],
    [
      'with a duplicate member',
      (name) =>
        signedProof(
          { alg: 'RS256', kid: 'key-1' },
          JSON.stringify(tvm.claimsOf(name)).replace('{', '{"aud":"https://other.example.com",'),
          KEY,
        ),
      'the proof has a payload that',
    ],
    ['with a path as kid', (name) => tvm.proof(name, {}, { kid: '../../../etc/passwd' }), 'the proof was not accepted'],
    ['with a kid that is no text', (name) => tvm.proof(name, {}, { kid: { a: 1 } }), 'the proof was not accepted'],
    ['signed by somebody else', (name) => tvm.proof(name, {}, {}, issuerKey('RS256')), 'the proof was not accepted'],
    ['signed with a weak key', (name) => tvm.proof(name, {}, { kid: 'weak' }, WEAK), 'the proof was not accepted'],
    ['that is no JWT', () => 'eyJ', 'the proof must be a signed JWT: three parts with dots between'],
    ['without an expiry', (name) => tvm.proof(name, { exp: undefined }), 'the proof was not accepted'],
  ];
  const WEAK = issuerKey('RS256', 'weak', 1024);

  it.each(
    rows,
  )('%s gets 400 from token exchange and 401 as an assertion, and nothing is vended', async (_, make, problem) => {
    const proofKeys = { keysOf: async () => [KEY.jwk, WEAK.jwk] };
    const exchanged = await post(exchanging(make('ci'), { client_id: 'ci' }), { proofKeys });
    expect([exchanged.statusCode, exchanged.body.error, exchanged.body.field]).toEqual([
      400,
      'invalid_request',
      'subject_token',
    ]);
    const asserted = await post(asserting(make('batch'), { client_id: 'batch' }), { proofKeys });
    expect([asserted.statusCode, asserted.body.error, asserted.body.field]).toEqual([
      401,
      'invalid_client',
      'client_assertion',
    ]);
    for (const { body } of [exchanged, asserted]) expect(body.error_description).toContain(problem);
    expect(vended()).toEqual([]);
    expect(counted.mock.calls).toEqual(Array(2).fill(['ProofsRefused', 'Count', 1]));
  });

  it.each([
    ['unknown', 'nobody'],
    ['disabled', 'away'],
    ['inherited', '__proto__'],
  ])('of an %s entry gets one sentence', async (_, client_id) => {
    const { statusCode, body } = await post(exchanging(tvm.proof('away'), { client_id }));
    expect([statusCode, body.error, body.error_description]).toEqual([
      400,
      'invalid_request',
      'the proof matches no trust entry of this service: name one with client_id',
    ]);
    expect(tvm.records.states.size).toBe(0);
  });

  it('that was used before gets the error of its grant', async () => {
    for (const [request, statusCode, error] of [
      [exchanging(tvm.proof('ci')), 400, 'invalid_request'],
      [asserting(tvm.proof('batch')), 401, 'invalid_client'],
    ] as const) {
      expect((await post(request)).statusCode).toBe(200);
      const { body, ...again } = await post(request);
      expect([again.statusCode, body.error, body.error_description]).toEqual([
        statusCode,
        error,
        'the proof was used before: request a new one',
      ]);
    }
    expect(vended()).toHaveLength(2);
  });

  it('whose issuer cannot be reached gets 503, so that the client tries again', async () => {
    const keysOf = async () => Promise.reject(new DependencyFault('keys of ci', new Error('timed out')));
    const { statusCode, headers, body } = await post(exchanging(tvm.proof('ci')), { proofKeys: { keysOf } });
    expect([statusCode, headers?.['retry-after'], body.error]).toEqual([503, '2', 'temporarily_unavailable']);
    expect(vended()).toEqual([]);
  });
});

it('a denial by policy is 403, as from /token', async () => {
  const { statusCode, body } = await post(
    exchanging(tvm.proof('ci'), {
      audience: 'x',
      authorization_details: [{ type: 'resource', locations: ['payroll'], actions: ['read'] }],
    }),
  );
  expect([statusCode, body.error]).toEqual([403, 'access_denied']);
});

/** The same proof with another header, and a signature that does not match it. */
function replacedHeader(proof: string, header: object): string {
  const [, ...rest] = proof.split('.');
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
}
