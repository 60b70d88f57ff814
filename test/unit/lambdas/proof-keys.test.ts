import type { TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { verifyProof } from '@tvm/core/federation/verify-proof.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { describe, expect, it } from 'vitest';
import { proofKeys } from '#lambdas/adapters/http/proof-keys.ts';
import {
  type Answer,
  CONNECTION,
  DISCOVERY,
  discovered,
  entryOf,
  failure,
  issuer,
  json,
  key,
  serveKeys,
} from '#test/support/key-issuer.ts';
import { issuerKey, NOW, SERVICE, signedProof } from '#test/support/proofs.ts';

describe('keys of an issuer', () => {
  it('come from its JWKS URL, without compression and credentials', async () => {
    const { entry, got } = await issuer();
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
    expect(got).toMatchObject([{ method: 'GET', path: '/jwks', headers: { 'accept-encoding': 'identity' } }]);
    const headers = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
    expect(Object.keys(got[0]?.headers ?? {}).sort()).toEqual(headers);
  });

  it('come from the jwks_uri of its discovery document', async () => {
    const { entry, got } = await discovered();
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
    expect(got.map(({ path }) => path)).toEqual([DISCOVERY, '/keys']);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/jwk-set+json',
    'Application/JSON',
  ])('may have the type %s', async (type) => {
    const { entry } = await issuer((response) =>
      response.setHeader('content-type', type).end(JSON.stringify({ keys: [key.jwk] })),
    );
    expect(await proofKeys(CONNECTION).keysOf(entry, undefined)).toEqual([key.jwk]);
  });

  it('leave out weak, symmetric and private ones', async () => {
    const weak = issuerKey('RS256', 'weak', 1024).jwk;
    const symmetric = { kty: 'oct', kid: 'symmetric', k: 'c2VjcmV0' };
    const secret = { ...issuerKey('EdDSA').privateKey.export({ format: 'jwk' }), kid: 'private' };
    const { entry } = await issuer((response) => json(response, { keys: [weak, symmetric, key.jwk, secret, 'text'] }));
    expect(await proofKeys(CONNECTION).keysOf(entry, 'key-1')).toEqual([key.jwk]);
  });

  it('are fetched once for entries with the same source, and separately for others', async () => {
    const { entry, url, got } = await issuer();
    const keys = proofKeys(CONNECTION);
    await Promise.all([entry, { ...entry, audience: 'other' }].map((each) => keys.keysOf(each, 'key-1')));
    await keys.keysOf(entryOf(url, `${url}/other`), 'key-1');
    expect(got.map(({ path }) => path).sort()).toEqual(['/jwks', '/other']);
  });

  it('are those of the file if the entry has one, without a request', async () => {
    const { entry, got } = await issuer();
    const inFile = { ...entry, keys: { from: 'file' as const, file: 'idp.jwks.json', keys: [key.jwk] } };
    expect(await proofKeys(CONNECTION).keysOf(inFile, 'unknown')).toEqual([key.jwk]);
    expect(got).toEqual([]);
  });
});

describe('a key set is refused', () => {
  const valid = JSON.stringify({ keys: [key.jwk] });

  it.each<[string, Answer, RegExp]>([
    ['that is no JSON', (response) => response.setHeader('content-type', 'application/json').end('{'), /well-formed/],
    ['that is no key set', (response) => json(response, [key.jwk]), /JSON Web Key Set/],
    ['with 101 keys', (response) => json(response, { keys: Array(101).fill(key.jwk) }), /at most 100 keys/],
    [
      'with a member twice',
      (response) => response.setHeader('content-type', 'application/json').end(`{"keys":[],${valid.slice(1)}`),
      /only once/,
    ],
  ])('%s', async (_, answer, problem) => {
    const { entry } = await issuer(answer);
    expect(await failure(entry)).toMatch(problem);
  });
});

describe('a discovery document is refused', () => {
  it.each<[string, Parameters<typeof discovered>[0], RegExp]>([
    ['of another issuer', (same) => ({ ...same, issuer: 'https://other.test' }), /not of this issuer/],
    ['whose issuer has one more slash', (same) => ({ ...same, issuer: `${same.issuer}/` }), /not of this issuer/],
    ['without an issuer', ({ jwks_uri }) => ({ jwks_uri }), /not of this issuer/],
    ['without a jwks_uri', ({ issuer }) => ({ issuer }), /names no jwks_uri/],
    ['with keys in plain http', (same) => ({ ...same, jwks_uri: 'http://keys.test/' }), /must be an https URL/],
    ['with keys in a file', (same) => ({ ...same, jwks_uri: 'file:///etc/passwd' }), /must be an https URL/],
    ['with keys at no URL', (same) => ({ ...same, jwks_uri: 'keys' }), /not a URL/],
    ['with a user in the URL of the keys', (same) => ({ ...same, jwks_uri: 'https://a:b@issuer.test/' }), /not a URL/],
    ['with keys at a metadata server', (same) => ({ ...same, jwks_uri: 'https://169.254.169.254/' }), /not public/],
    ['with keys at another name on loopback', (same) => ({ ...same, jwks_uri: 'https://other.test/' }), /not public/],
  ])('%s', async (_, change, problem) => {
    const { entry, got } = await discovered(change);
    expect(await failure(entry)).toMatch(problem);
    expect(got.map(({ path }) => path)).toEqual([DISCOVERY]);
  });
});

describe('the verification of proofs', () => {
  const claims = (iss: string) => ({ iss, sub: 'user-1', aud: SERVICE, exp: NOW + 300, iat: NOW - 1 });
  const verify = (entry: TrustEntry, own: typeof key, kid: string, keys: ReturnType<typeof proofKeys>) =>
    verifyProof(
      signedProof({ alg: 'ES256', kid }, claims(entry.issuer), own),
      { name: 'idp', entry, service: SERVICE, now: NOW * 1000 },
      keys,
    );

  it('fetches once for a hundred simultaneous first proofs', async () => {
    const { entry, got } = await discovered();
    const keys = proofKeys(CONNECTION);
    const all = await Promise.all(Array.from({ length: 100 }, () => verify(entry, key, 'key-1', keys)));
    expect(all.filter(({ ok }) => !ok)).toEqual([]);
    expect(got).toHaveLength(2);
  });

  it('fetches once for a flood of unknown kids, and refuses their proofs', async () => {
    const { entry, got } = await issuer();
    const keys = proofKeys(CONNECTION);
    const all = await Promise.all(Array.from({ length: 100 }, (_, one) => verify(entry, key, `unknown-${one}`, keys)));
    expect(all.map((each) => !each.ok && each.failed.claim)).toEqual(Array(100).fill('kid'));
    expect(got).toHaveLength(1);
  });

  it('tries each of two keys with the same kid', async () => {
    const other = issuerKey('ES256');
    const { entry } = await issuer((response) => json(response, { keys: [key.jwk, other.jwk] }));
    const keys = proofKeys(CONNECTION);
    expect([await verify(entry, key, 'key-1', keys), await verify(entry, other, 'key-1', keys)]).toMatchObject([
      { ok: true },
      { ok: true },
    ]);
  });

  it('goes on with the last keys while the issuer is away, then fails as a dependency, and recovers', async () => {
    let isAway = false;
    const { entry } = await issuer((response, path) => (isAway ? response.destroy() : serveKeys(response, path)));
    const clock = { time: NOW * 1000, now: () => clock.time };
    const keys = proofKeys(CONNECTION, clock);
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
    isAway = true;
    clock.time += 86_399_000;
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
    clock.time += 1_000;
    await expect(verify(entry, key, 'key-1', keys)).rejects.toThrow(DependencyFault);
    isAway = false;
    clock.time += 30_000;
    expect((await verify(entry, key, 'key-1', keys)).ok).toBe(true);
  });
});
