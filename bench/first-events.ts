import { createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { REVOCATION_REQUESTED } from '../contract/events.ts';
import { compactJws, signingDigest, signingInput } from '../core/jws.ts';
import type { IssuedRecord } from '../core/token-record.ts';
import { toItem } from '../lambdas/adapters/dynamo-items.ts';
import { apiEvent, SUBJECT, TOKEN_REQUEST } from './api-events.ts';
import { CheckFailed, verifiedToken } from './check.ts';

/** The caller that the stage `local` lets introspect tokens for `orders-db`. */
const RESOURCE_SERVER = 'arn:aws:iam::000000000000:user/orders-db';

/** The caller that the policies let read `orders-db/orders`. */
const ORDERS_SERVICE = 'arn:aws:iam::000000000000:user/orders-service';

const POLICY_BUNDLE = '0'.repeat(64);

/** The first event that a fresh function gets, and what its answer must be. */
export interface FirstEvent {
  event: object;
  /**
   * @param awsCalls the AWS operations that the answer took
   * @throws CheckFailed
   */
  check(answer: unknown, awsCalls: readonly string[]): Promise<void> | void;
}

export interface FirstEvents {
  events: Record<string, FirstEvent>;
  /** The record of the token that the events speak of. */
  record: IssuedRecord;
}

/** A first event for each use case, all about one token, vended a moment ago with the given key. */
export async function firstEvents(issuer: string, privateKey: KeyObject): Promise<FirstEvents> {
  const { record, token, jwks } = await vendedToken(issuer, privateKey);
  const form = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();
  const byId = form({ token_id: record.tokenId });
  return {
    record,
    events: {
      'issue-token': {
        event: apiEvent('/token', TOKEN_REQUEST, ORDERS_SERVICE),
        check: async (answer) => void (await verifiedToken(answer as APIGatewayProxyResult, jwks)),
      },
      'explain-token': {
        event: apiEvent('/explain', TOKEN_REQUEST, ORDERS_SERVICE),
        check: (answer) => answers(answer, { allowed: true }),
      },
      'introspect-token': {
        event: apiEvent('/introspect', form({ token }), RESOURCE_SERVER),
        check: (answer) => answers(answer, { active: true, jti: record.tokenId }),
      },
      'revoke-own-token': { event: apiEvent('/revoke', form({ token })), check: (answer) => answers(answer, {}) },
      'revoke-tokens': { event: apiEvent('/revocations', byId), check: (answer) => answers(answer, { revoked: 1 }) },
      'revoke-tokens-by-event': {
        event: {
          Records: [
            {
              messageId: randomUUID(),
              body: JSON.stringify(revocationRequested(record)),
              attributes: { SentTimestamp: String(record.decidedAt) },
            },
          ],
        },
        check: (_, awsCalls) => calls(awsCalls, 'UpdateItem'),
      },
      'serve-discovery': {
        event: apiEvent('/.well-known/jwks.json', null),
        check: (answer) => answers(answer, jwks),
      },
      'publish-audit': {
        event: { Records: [{ eventID: randomUUID(), eventName: 'INSERT', dynamodb: { NewImage: toItem(record) } }] },
        check: (_, awsCalls) => calls(awsCalls, 'PutEvents'),
      },
    },
  };
}

async function vendedToken(issuer: string, privateKey: KeyObject) {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const keyId = await calculateJwkThumbprint(jwk);
  const now = Math.floor(Date.now() / 1000);
  const [tokenId, audience, lifetime] = [randomUUID(), 'orders-db', 900];
  const authorizationDetails: IssuedRecord['authorizationDetails'] = [
    { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] },
  ];
  const input = signingInput(
    { algorithm: 'ES256', keyId },
    {
      iss: issuer,
      sub: SUBJECT,
      aud: audience,
      client_id: SUBJECT,
      iat: now,
      nbf: now,
      exp: now + lifetime,
      jti: tokenId,
      authorization_details: authorizationDetails,
      policy: POLICY_BUNDLE.slice(0, 12),
    },
  );
  const record: IssuedRecord = {
    status: 'issued',
    tokenId,
    subject: SUBJECT,
    account: '111122223333',
    audience,
    authorizationDetails,
    lifetime,
    sourceIp: '203.0.113.7',
    requestId: randomUUID(),
    decidedAt: now * 1000,
    policies: ['orders-service-reads-orders'],
    policyBundle: POLICY_BUNDLE,
    ttl: now + lifetime,
    expiresAt: (now + lifetime) * 1000,
    keyId,
    signedDigest: signingDigest('ES256', input),
  };
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const jwks = { keys: [{ ...jwk, kid: keyId, alg: 'ES256', use: 'sig' }] };
  return { record, token: compactJws(input, signature), jwks };
}

/** Checks that an answer is a success whose JSON has these members, among others. */
function answers(answer: unknown, expected: object): void {
  const { statusCode, body } = answer as APIGatewayProxyResult;
  const said = JSON.parse(body);
  const equal = Object.entries(expected).every(([name, value]) => JSON.stringify(said[name]) === JSON.stringify(value));
  if (statusCode !== 200 || !equal) throw new CheckFailed(`a first event was answered with ${statusCode}: ${body}`);
}

/** Checks that a function without an answer did its work. */
function calls(awsCalls: readonly string[], expected: string): void {
  if (awsCalls.join() !== expected) throw new CheckFailed(`a first event called ${awsCalls} and not ${expected}`);
}

function revocationRequested({ tokenId }: IssuedRecord): object {
  return { id: randomUUID(), source: 'security.team', 'detail-type': REVOCATION_REQUESTED, detail: { tokenId } };
}
