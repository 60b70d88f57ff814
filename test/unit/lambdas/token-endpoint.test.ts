import { readFileSync } from 'node:fs';
import { tokenResponse } from '@tvm/contract/token.ts';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { decodeJwt } from 'jose';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { externalAuthorizers } from '#lambdas/adapters/authorizers/external-authorizers.ts';
import { tokenEndpoint } from '#lambdas/issue-token/token-endpoint.ts';
import { asking, from, inMemoryService, rules } from '../../fakes/in-memory-service.ts';
import { policyBundle } from '../../fakes/policies.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'issue-token', awsRequestId: 'r' } as Context;

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
let printed: () => string;
beforeEach(async () => {
  tvm = await inMemoryService();
  printed = catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A request to `POST /token` in the format of API Gateway. */
async function post(body: object, caller: Partial<typeof from> = {}, ports: Partial<typeof tvm> = {}) {
  const { userArn, account, sourceIp, requestId } = { ...from, ...caller };
  const event = {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    requestContext: { requestId, identity: { userArn, accountId: account, sourceIp } },
  } as unknown as APIGatewayProxyEvent;
  const answer = await tokenEndpoint(rules, { ...tvm, ...ports })(event, context);
  return { ...answer, body: JSON.parse(answer.body) };
}

it('responds to a valid request with a token that is neither cacheable nor logged', async () => {
  const { statusCode, headers, body } = await post(asking());
  expect([statusCode, headers?.['cache-control']]).toEqual([200, 'no-store']);
  const { access_token } = tokenResponse.strict().parse(body);
  expect(decodeJwt(access_token).jti).toBe(body.token_id);
  expect(printed()).toContain('"outcome": "issued"');
  for (const part of access_token.split('.')) expect(printed()).not.toContain(part);
});

it('names the field of a bad request, and records nothing', async () => {
  const { statusCode, body } = await post(asking({ expires_in: -1 }));
  expect([statusCode, body.field]).toEqual([400, 'expires_in']);
  expect(tvm.records.states.size).toBe(0);
});

it('responds to a policy denial without details, and records it', async () => {
  const { statusCode, body } = await post(asking({ audience: 'billing' }));
  expect([statusCode, body.error, body.request_id]).toEqual([403, 'access_denied', 'request-1']);
  expect([...tvm.records.states.values()]).toMatchObject([{ status: 'denied' }]);
});

it('asks the caller to try again if a dependency fails', async () => {
  const sign = async () => {
    throw new DependencyFault('KMS', new Error('throttled'));
  };
  const { statusCode, headers, body } = await post(asking(), {}, { signer: { ...tvm.signer, sign } });
  expect([statusCode, headers?.['retry-after'], body.error]).toEqual([503, '2', 'temporarily_unavailable']);
});

it('distinguishes a workload of another account from the one with the same name here', async () => {
  const theirs = { userArn: 'arn:aws:sts::999988887777:assumed-role/orders-service/task', account: '999988887777' };
  expect((await post(asking(), theirs)).statusCode).toBe(403);

  const policy = `@id("their-orders-service")
    permit (principal == Workload::"arn:aws:iam::999988887777:role/orders-service", action, resource)
    when { principal.account == "999988887777" };`;
  const policies = policyDecisionPoint(policyBundle(policy));
  const { statusCode, body } = await post(asking(), theirs, { policies });
  expect(statusCode).toBe(200);
  expect(decodeJwt(body.access_token).sub).toBe('arn:aws:iam::999988887777:role/orders-service');
  expect(tvm.records.states.get(body.token_id)).toMatchObject({ account: '999988887777', session: 'task' });
});

it('issues only what an external authorizer in Rego also allows, and records which one denied', async () => {
  const settings = [{ type: 'opa-wasm' as const, name: 'closed', entrypoint: 'tvm/condition/allow', data: 'x' }];
  const beside: Record<string, Uint8Array> = {
    'closed.wasm': readFileSync('test/fixtures/opa/policy.wasm'),
    'closed.data.json': Buffer.from('{"closed":["orders-db/orders"]}'),
  };
  const conditions = await externalAuthorizers(settings, (name) => beside[name] ?? new Uint8Array(), Date);
  const stock = { type: 'resource' as const, locations: ['orders-db/stock'], actions: ['read' as const] };
  expect((await post(asking({ authorization_details: [stock] }), {}, { conditions })).statusCode).toBe(200);
  const { statusCode, body } = await post(asking(), {}, { conditions });
  expect([statusCode, body.error_description]).toEqual([403, 'policy does not allow everything that was requested']);
  expect([...tvm.records.states.values()].at(-1)).toMatchObject({
    status: 'denied',
    denial: 'further_condition',
    conditions: ['closed'],
  });
});

it('issues nothing while an external authorizer is unavailable, and records that', async () => {
  const conditions = [{ name: 'risk', allows: async () => Promise.reject(new Error('timed out')) }];
  const { statusCode, body } = await post(asking(), {}, { conditions });
  expect([statusCode, body.error]).toEqual([503, 'temporarily_unavailable']);
  expect([...tvm.records.states.values()]).toMatchObject([{ status: 'denied', denial: 'undecided' }]);
  expect(printed()).toContain('condition risk');
});

it('requires a reason if policy does, and returns the assumed role', async () => {
  const policies = policyDecisionPoint(
    policyBundle(
      `@id("reads") @require_reason permit (principal, action == Action::"read", resource in Resource::"orders-db");
      @id("takes") permit (principal, action == Action::"assume", resource == Role::"reader");`,
      {
        'roles.yaml':
          'reader: { audience: orders-db, authorization_details: [{ locations: ["orders-db/*"], actions: [read] }] }',
      },
    ),
  );
  const request = { grant_type: 'client_credentials', scope: 'role:reader' };
  const refused = await post(request, {}, { policies });
  expect([refused.statusCode, refused.body.field]).toEqual([400, 'reason']);
  const { statusCode, body } = await post({ ...request, reason: 'report' }, {}, { policies });
  expect([statusCode, body.scope, body.authorization_details]).toEqual([
    200,
    'role:reader',
    [{ type: 'resource', locations: ['orders-db/*'], actions: ['read'] }],
  ]);
  expect([...tvm.records.states.values()].map(({ role }) => role)).toEqual(['reader', 'reader']);
});
