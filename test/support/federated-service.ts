import { type FederatedTokenRequest, JWT_ASSERTION, TOKEN_EXCHANGE, TOKEN_TYPES } from '@tvm/contract/federation.ts';
import { type ExchangeTokenPorts, exchangeToken, sampledPerMinute } from '@tvm/core/issuing/exchange-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import { ISSUER, inMemoryService, rules } from '../fakes/in-memory-service.ts';
import { policyBundle, SCHEMA } from '../fakes/policies.ts';
import { issuerKey, keysOf, signedProof } from './proofs.ts';

/** Trust entries for every rule of exchanging a proof. All issuers have the key {@link KEY}. */
const TRUST = `
ci:
  oidc:
    issuer: https://ci.example.com
    require: { project: "7" }
    subject: 'project:{project}'
    claims: { project: [project] }
    max_age: 1h
    replay: once
mesh:
  oidc: { issuer: https://mesh.example.com, replay: per-audience, outlive_proof: true, max_age: 1h }
pods:
  oidc: { issuer: https://pods.example.com, replay: allow, max_age: 1h }
office:
  oidc: { issuer: https://office.example.com, from: [office] }
away:
  oidc: { issuer: https://away.example.com, disabled: true }
shop:
  oidc: { issuer: https://shop.example.com, max_age: 1h, replay: once }
shop-deploy:
  oidc: { issuer: https://shop.example.com, max_age: 1h, replay: once }
batch:
  client: { keys: { jwks_url: https://batch.example.com/jwks.json } }
`;

const WORKLOADS = ['ci', 'mesh', 'pods', 'office', 'away', 'shop', 'shop-deploy', 'batch'].map(
  (name) =>
    `@id("${name}-reads") permit (principal in Trust::"${name}", action == Action::"read", resource in Resource::"orders-db");`,
);

export const KEY = issuerKey('RS256');

/** TVM in memory with trust entries. */
export async function federatedService(cedar = '') {
  const bundle = policyBundle(`${WORKLOADS.join('\n')}\n${cedar}`, {
    'schema.cedarschema': SCHEMA.replace('claims?: {', 'claims?: {\n    project?: String,'),
    'networks.yaml': 'office: { cidrs: [198.51.100.0/24] }',
    'trust.yaml': TRUST,
  });
  const tvm = await inMemoryService('ES256', bundle);
  const ports = {
    ...tvm,
    proofKeys: keysOf(KEY),
    usedProofs: recentSubjects(tvm.clock),
    isSampled: sampledPerMinute(tvm.clock),
  };
  const now = Math.floor(tvm.clock.now() / 1000);
  let proofs = 0;
  const claimsOf = (name: string) => ({
    iss: name === 'batch' ? name : `https://${name}.example.com`,
    sub: name === 'batch' ? name : 'workload-1',
    aud: ISSUER,
    iat: now,
    exp: now + 600,
    jti: `proof-${++proofs}`,
    project: '7',
  });
  /** Signs a proof. A claim or header parameter that is `undefined` is omitted. */
  const proof = (name: string, claims: object = {}, header: object = {}, key = KEY) =>
    signedProof({ alg: 'RS256', kid: 'key-1', ...header }, { ...claimsOf(name), ...claims }, key);
  return { ...ports, now, proof, claimsOf };
}

const permissions = {
  audience: 'orders-db',
  authorization_details: [{ type: 'resource' as const, locations: ['orders-db/orders'], actions: ['read'] }],
};

/** A token exchange with a proof. */
export function exchanging(proof: string, change: Partial<FederatedTokenRequest> = {}): FederatedTokenRequest {
  const sent = { subject_token: proof, subject_token_type: TOKEN_TYPES.jwt };
  return { grant_type: TOKEN_EXCHANGE, ...sent, ...permissions, ...change };
}

/** A request of a client with an assertion. */
export function asserting(proof: string, change: Partial<FederatedTokenRequest> = {}): FederatedTokenRequest {
  const sent = { client_assertion: proof, client_assertion_type: JWT_ASSERTION } as const;
  return { grant_type: 'client_credentials', ...sent, ...permissions, ...change };
}

export const origin = { sourceIp: '203.0.113.7', requestId: 'request-1' };

/** Sends a request to the core. */
export function send(request: FederatedTokenRequest, ports: ExchangeTokenPorts, from = origin) {
  return exchangeToken(request, from, rules, ports);
}
