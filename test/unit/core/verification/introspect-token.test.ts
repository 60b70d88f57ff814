import { generateKeyPairSync } from 'node:crypto';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { asking, from, ISSUER, inMemoryService, rules, SUBJECT } from '#test/fakes/in-memory-service.ts';
import { localKeys } from '#test/fakes/local-keys.ts';

const ordersDb = 'arn:aws:sts::111122223333:assumed-role/orders-db/task';
const introspecting = {
  issuer: ISSUER,
  resourceServers: { 'arn:aws:iam::111122223333:role/orders-db': ['orders-db'] },
};

describe('introspectToken', () => {
  let tvm: Awaited<ReturnType<typeof inMemoryService>>;
  let token: string;
  let tokenId: string;
  const introspect = (unverified = token, userArn = ordersDb) =>
    introspectToken(unverified, userArn, introspecting, tvm);

  beforeEach(async () => {
    tvm = await inMemoryService();
    const outcome = await issueToken(asking(), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    ({ token, tokenId } = outcome);
  });

  it('returns the claims of an active token to the resource server', async () => {
    expect(await introspect()).toMatchObject({
      active: true,
      token_type: 'Bearer',
      sub: SUBJECT,
      aud: 'orders-db',
      jti: tokenId,
      authorization_details: [{ locations: ['orders-db/orders'], actions: ['read'] }],
    });
  });

  it('reveals nothing about a token for another audience, or to a caller that is not a resource server', async () => {
    const { resourceServers } = introspecting;
    const other = { issuer: ISSUER, resourceServers: { ...resourceServers, [SUBJECT]: ['billing'] } };
    expect(await introspectToken(token, from.userArn, other, tvm)).toEqual({ active: false });
    expect(await introspect(token, 'arn:aws:iam::111122223333:user/stranger')).toEqual({ active: false });
    expect(await introspect(token, 'arn:aws:iam::111122223333:root')).toEqual({ active: false });
  });

  it('returns inactive before nbf and from exp on, to the millisecond', async () => {
    const response = await introspect();
    if (!response.active) throw new Error('The token is inactive.');
    for (const [time, active] of [
      [response.nbf * 1000 - 1, false],
      [response.nbf * 1000, true],
      [response.exp * 1000 - 1, true],
      [response.exp * 1000, false],
    ] as const) {
      tvm.clock.time = time;
      expect(await introspect(), `${time}`).toHaveProperty('active', active);
    }
  });

  it('returns inactive for a token that is revoked, failed or without a record', async () => {
    await tvm.records.revoke(tokenId, { revokedAt: tvm.clock.now(), revokedBy: 'security.team' });
    expect(await introspect()).toEqual({ active: false });
    tvm.records.states.delete(tokenId);
    expect(await introspect()).toEqual({ active: false });
  });

  it('returns inactive because of the subject’s watermark alone', async () => {
    await tvm.subjectStatuses.raise(SUBJECT, tvm.clock.now());
    expect(await introspect()).toEqual({ active: false });
  });

  it('counts introspections by minute, with separate counts for active and revoked', async () => {
    const minute = tvm.clock.time - (tvm.clock.time % 60_000);
    const told = { tokenId, subject: SUBJECT, audience: 'orders-db', by: 'arn:aws:iam::111122223333:role/orders-db' };
    await introspect();
    await introspect();
    expect(tvm.introspections.counts()).toEqual([
      { ...told, result: 'active', minute, last: tvm.clock.time, count: 2 },
    ]);
    tvm.clock.time += 60_000;
    await introspect();
    await tvm.subjectStatuses.raise(SUBJECT, tvm.clock.now());
    await introspect();
    await tvm.records.revoke(tokenId, { revokedAt: tvm.clock.now(), revokedBy: 'security.team' });
    await introspect();
    expect(tvm.introspections.counts().slice(1)).toMatchObject([
      { result: 'active', minute: minute + 60_000, count: 1 },
      { result: 'revoked', minute: minute + 60_000, count: 2 },
    ]);
  });

  it('does not count introspections of foreign, failed or expired tokens, or of tokens for another audience', async () => {
    await introspect(token, 'arn:aws:iam::111122223333:user/stranger');
    await introspect('abc');
    const record = tvm.records.states.get(tokenId) as TokenRecord;
    await tvm.records.markFailed(tokenId, { failure: 'record_unconfirmed', failedAt: tvm.clock.now() });
    await introspect();
    tvm.records.states.delete(tokenId);
    await introspect();
    tvm.records.states.set(tokenId, record);
    tvm.clock.time += 900_000;
    await introspect();
    expect(tvm.introspections.counts()).toEqual([]);
  });

  it('returns the same response if counting fails, and reports the failure to the operator', async () => {
    const faults: unknown[] = [];
    const introspections = { add: async () => Promise.reject(new Error('throttled')) };
    const uncounting = { ...tvm, introspections, uncounted: (fault: unknown) => faults.push(fault) };
    expect(await introspectToken(token, ordersDb, introspecting, uncounting)).toHaveProperty('active', true);
    await tvm.subjectStatuses.raise(SUBJECT, tvm.clock.now());
    expect(await introspectToken(token, ordersDb, introspecting, uncounting)).toEqual({ active: false });
    expect(faults).toHaveLength(2);
  });

  it('verifies tokens of every key that may have signed a valid token', async () => {
    const next = await localKeys('RS256');
    const both = { keys: [...(await tvm.keys.jwks()).keys, ...(await next.keys.jwks()).keys] };
    const rotated = { ...tvm, signer: next.signer, keys: { jwks: async () => both } };
    const outcome = await issueToken(asking(), from, rules, rotated);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    for (const unverified of [token, outcome.token]) {
      expect(await introspectToken(unverified, ordersDb, introspecting, rotated)).toHaveProperty('active', true);
    }
  });

  it('looks up nothing for a token that this service did not sign', async () => {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { keyId } = await tvm.signer.key();
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const ours = await localKeys();
    const signed = (header: object, key = ours.privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keyId, ...header }).sign(key);
    const [header, , signature] = token.split('.');
    const widened = { ...claims, aud: 'orders-db', authorization_details: [] };
    const hmac = new TextEncoder().encode(JSON.stringify(await tvm.keys.jwks()));
    const forged = {
      'tampered claims': `${header}.${Buffer.from(JSON.stringify(widened)).toString('base64url')}.${signature}`,
      'no algorithm': new UnsecuredJWT(claims).encode(),
      'another key, our kid': await signed({}, stranger),
      'another key, its own kid': await signed({ kid: (await ours.signer.key()).keyId }),
      'a key of its own in the header': await signed({ jwk: { kty: 'EC' } }, stranger),
      'HMAC with the public key': await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: keyId })
        .sign(hmac),
      'no token': 'abc',
      'dots only': '..',
    };
    tvm.records.get = async () => {
      throw new Error('a record was looked up');
    };
    for (const [attack, unverified] of Object.entries(forged)) {
      expect(await introspect(unverified), attack).toEqual({ active: false });
    }
  });

  it('rejects a token that its own key signed for another issuer or as another type', async () => {
    const elsewhere = { ...rules, issuer: 'https://elsewhere.example.com' };
    const outcome = await issueToken(asking(), from, elsewhere, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    expect(await introspect(outcome.token)).toEqual({ active: false });

    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const ours = await localKeys();
    const { keyId } = await ours.signer.key();
    const idToken = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: keyId })
      .sign(ours.privateKey);
    expect(await introspectToken(idToken, ordersDb, introspecting, { ...tvm, keys: ours.keys })).toEqual({
      active: false,
    });
  });
});
