import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SourceFailure } from '../../model/source.ts';

/** A signing key, with the `alg` and `kid` for the header of a JWT (RFC 7515 4.1). */
export interface SigningKey {
  key: KeyObject;
  alg: string;
  kid?: string;
}

const ALGORITHMS: Record<string, string> = {
  rsa: 'RS256',
  'rsa-pss': 'PS256',
  ed25519: 'EdDSA',
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/**
 * Reads a private key: PEM (PKCS #8, PKCS #1 or SEC 1) or a JWK. The algorithm is the JWK's `alg` (RFC 7517 4.4), or
 * the default for the key type.
 *
 * @throws {SourceFailure} without any part of the key in its message
 */
export function signingKey(text: string): SigningKey {
  const jwk = jwkIn(text);
  const key = keyOf(jwk ?? text);
  const kind = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : key.asymmetricKeyType;
  const alg = typeof jwk?.alg === 'string' ? jwk.alg : ALGORITHMS[kind ?? ''];
  if (alg === undefined) throw new SourceFailure('the private key must be RSA, EC (P-256, P-384, P-521) or Ed25519');
  return { key, alg, ...(typeof jwk?.kid === 'string' && { kid: jwk.kid }) };
}

function jwkIn(text: string): Record<string, unknown> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new SourceFailure('the private key starts like a JWK but is not valid JSON');
  }
}

function keyOf(source: string | Record<string, unknown>): KeyObject {
  try {
    return createPrivateKey(typeof source === 'string' ? source : { key: source, format: 'jwk' });
  } catch {
    throw new SourceFailure('the private key must be PEM without a passphrase, or a private JWK');
  }
}
