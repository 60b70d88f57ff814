import { createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from '@tvm/core/keys/jws.ts';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import { statusListUri } from '@tvm/core/status-lists/status-list.ts';
import { calculateJwkThumbprint, type JSONWebKeySet, type JWK } from 'jose';
import { SUBJECT } from './api-events.ts';

const POLICY_BUNDLE = '0'.repeat(64);

export interface VendedToken {
  record: IssuedRecord;
  token: string;
  jwks: JSONWebKeySet;
}

/** Issues a token with the given key. */
export async function vendedToken(issuer: string, privateKey: KeyObject): Promise<VendedToken> {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const keyId = await calculateJwkThumbprint(jwk);
  const now = Math.floor(Date.now() / 1000);
  const [tokenId, audience, lifetime] = [randomUUID(), 'orders-db', 900];
  const authorizationDetails: IssuedRecord['authorizationDetails'] = [
    { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] },
  ];
  const statusList = { list: 1, index: 48_213 };
  const input = signingInput({ algorithm: 'ES256', keyId }, TOKEN_TYPE, {
    iss: issuer,
    sub: SUBJECT,
    aud: audience,
    client_id: SUBJECT,
    iat: now,
    nbf: now,
    exp: now + lifetime,
    jti: tokenId,
    authorization_details: authorizationDetails,
    status: { status_list: { idx: statusList.index, uri: statusListUri(issuer, statusList.list) } },
    policy: POLICY_BUNDLE.slice(0, 12),
  });
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const token = compactJws(input, signature);
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
    statusList,
    size: token.length,
    signedDigest: signingDigest('ES256', input),
  };
  const jwks = { keys: [{ ...jwk, kid: keyId, alg: 'ES256', use: 'sig' }] };
  return { record, token, jwks };
}
