import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signingKey } from 'tokenrelay/sources/oauth2/private-key.ts';
import { describe, expect, it } from 'vitest';

const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).privateKey;
const pem = (key: KeyObject, type: 'pkcs8' | 'sec1' = 'pkcs8') => key.export({ type, format: 'pem' }).toString();

describe('a private key', () => {
  it.each([
    ['ES256', ec('P-256')],
    ['ES384', ec('P-384')],
    ['ES512', ec('P-521')],
    ['EdDSA', generateKeyPairSync('ed25519').privateKey],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ])('signs with %s, in PEM and as a JWK', (alg, key) => {
    expect(signingKey(pem(key))).toMatchObject({ alg });
    expect(signingKey(JSON.stringify(key.export({ format: 'jwk' })))).toMatchObject({ alg });
  });

  it('may be in OpenSSL’s PEM format', () => {
    expect(signingKey(pem(ec('P-256'), 'sec1')).alg).toBe('ES256');
  });

  it('has the alg and kid of its JWK', () => {
    const jwk = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    expect(signingKey(JSON.stringify({ ...jwk, alg: 'PS256', kid: 'one' }))).toMatchObject({
      alg: 'PS256',
      kid: 'one',
    });
  });

  it.each([
    ['a public key', pem(ec('P-256')).replaceAll('PRIVATE', 'PUBLIC')],
    ['a public JWK', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 's3cret', y: 's3cret' })],
    ['half a JWK', '{"kty": s3cret'],
    ['another curve', pem(ec('secp256k1'))],
    ['anything else', 's3cret'],
  ])('must not be %s, and is not in the error', (_, text) => {
    expect(() => signingKey(text)).toThrow(/^the private key /);
    expect(() => signingKey(text)).not.toThrow(/s3cret/);
  });
});
