import { getListFromStatusListJWT, StatusList } from '@sd-jwt/jwt-status-list';
import { TOKEN_TYPE } from '@tvm/core/keys/jws.ts';
import {
  compress,
  decompress,
  emptyBits,
  isInvalid,
  publish,
  statusListMember,
  statusListUri,
  withInvalid,
} from '@tvm/core/status-lists/status-list.ts';
import { verifyToken } from '@tvm/core/verification/verify-token.ts';
import fc from 'fast-check';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { ISSUER } from '#test/fakes/in-memory-service.ts';
import { localKeys } from '#test/fakes/local-keys.ts';

const rules = { issuer: ISSUER, size: 1_048_576, ttl: 60, validity: 900 };
const NOW = Date.UTC(2026, 0, 1, 12);

/** draft-ietf-oauth-status-list-20, appendix on test vectors, the 1-bit status list: 2^20 indexes. */
const VECTOR = {
  indexes: [0, 1993, 25460, 159495, 495669, 554353, 645645, 723232, 854545, 934534, 1000345],
  lst:
    'eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAA' +
    'AJsLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb',
};

describe('the bits of a status list', () => {
  it('are numbered and compressed as in the draft’s example (section 4.1)', () => {
    const bits = withInvalid(emptyBits(16), [0, 3, 4, 5, 7, 8, 9, 13, 15], 16);
    expect(Buffer.from(bits).toString('hex')).toBe('b9a3');
    expect(Buffer.from(compress(bits)).toString('hex')).toBe('78dadbb918000217015d');
    expect(statusListMember(compress(bits))).toEqual({ bits: 1, lst: 'eNrbuRgAAhcBXQ' });
  });

  it('match the draft’s test vector, in an encoding that another library reads', () => {
    const bits = withInvalid(emptyBits(1_048_576), VECTOR.indexes, 1_048_576);
    const same = (lst: string) => Buffer.from(bits).equals(decompress(Buffer.from(lst, 'base64url')));
    expect(same(VECTOR.lst)).toBe(true);
    const { lst } = statusListMember(compress(bits));
    expect(same(lst)).toBe(true);
    expect(lst.length).toBeLessThanOrEqual(VECTOR.lst.length);
  });

  const places = fc.uniqueArray(fc.nat({ max: 4_999 }), { maxLength: 200 });

  it('are exactly the ones that were set, also as another library reads them', () => {
    fc.assert(
      fc.property(places, places, (first, second) => {
        const bits = withInvalid(withInvalid(emptyBits(5_000), first, 5_000), second, 5_000);
        const read = decompress(compress(bits));
        const theirs = StatusList.decompressStatusList(statusListMember(compress(bits)).lst, 1);
        const revoked = [...new Set([...first, ...second])].sort((a, b) => a - b);
        const all = Array.from({ length: 5_000 }, (_, index) => index);
        expect(all.filter((index) => isInvalid(read, index))).toEqual(revoked);
        expect(all.filter((index) => theirs.getStatus(index) === 1)).toEqual(revoked);
      }),
      { numRuns: 20 },
    );
  });

  it('are unchanged if there is nothing new, and never become fewer', () => {
    const bits = withInvalid(emptyBits(1_000), [7, 900], 1_000);
    expect(withInvalid(bits, [7], 1_000)).toBe(bits);
    expect(withInvalid(bits, [], 500)).toBe(bits);
    expect(withInvalid(bits, [], 2_000)).toHaveLength(250);
    expect(isInvalid(withInvalid(bits, [5_000], 1_000), 5_000)).toBe(true);
    expect(isInvalid(bits, 5_000)).toBe(false);
  });
});

describe('a status list token', () => {
  it.each(['ES256', 'ES384', 'RS256'] as const)('is read by another library: %s', async (algorithm) => {
    const { signer, keys } = await localKeys(algorithm);
    const compressed = compress(withInvalid(emptyBits(rules.size), VECTOR.indexes, rules.size));
    const { token, etag, expiresAt, uri, issuedAt } = await publish(3, compressed, rules, signer, NOW + 700);

    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keys.jwks()), {
      typ: 'statuslist+jwt',
      issuer: ISSUER,
      subject: statusListUri(ISSUER, 3),
      algorithms: [algorithm],
      currentDate: new Date(NOW),
    });
    const { keyId } = await signer.key();
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'statuslist+jwt', kid: keyId });
    expect(payload).toEqual({
      iss: ISSUER,
      sub: `${ISSUER}/status-lists/3`,
      iat: NOW / 1000,
      exp: NOW / 1000 + 900,
      ttl: 60,
      status_list: { bits: 1, lst: Buffer.from(compressed).toString('base64url') },
    });
    expect({ expiresAt, uri, issuedAt }).toEqual({ expiresAt: NOW + 900_000, uri: payload.sub, issuedAt: NOW + 700 });
    expect(etag).toMatch(/^"[\w-]{43}"$/);

    const theirs = getListFromStatusListJWT(token);
    expect(theirs.getBitsPerStatus()).toBe(1);
    expect(theirs.statusList.flatMap((status, index) => (status === 0 ? [] : [index]))).toEqual(VECTOR.indexes);
  });

  it('is never accepted as an access token, even if signed with an access token key', async () => {
    const { signer, keys } = await localKeys();
    const { token } = await publish(1, compress(emptyBits(8)), rules, signer, Date.now());
    const jwks = await keys.jwks();
    await compactVerify(token, createLocalJWKSet(jwks));
    expect(decodeProtectedHeader(token).typ).not.toBe(TOKEN_TYPE);
    expect(await verifyToken(token, jwks, ISSUER)).toBeUndefined();
    await expect(jwtVerify(token, createLocalJWKSet(jwks), { typ: 'at+jwt', issuer: ISSUER })).rejects.toThrow(
      errors.JWTClaimValidationFailed,
    );
  });
});
