import { limits } from '@tvm/contract/limits.ts';
import { type TokenClaims, tokenClaims } from '@tvm/contract/token.ts';
import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { TOKEN_TYPE } from '../keys/jws.ts';
import type { Algorithm } from '../keys/ports.ts';

const ALGORITHMS: Algorithm[] = ['ES256', 'ES384', 'RS256'];

/**
 * Verifies that this service signed a token: algorithm, key, signature, type and issuer. Accepts only the canonical
 * base64url encoding, without padding and without spare bits (RFC 7515, section 2; RFC 4648, section 3.5).
 *
 * The payload is parsed only after the signature is verified. The expiry is not checked here, because revoking an
 * expired token is not an error (RFC 7009, section 2.2).
 *
 * @returns the claims, or `undefined` if this service did not sign the token or its key is unusable
 */
export async function verifyToken(
  unverifiedToken: string,
  jwks: JSONWebKeySet,
  issuer: string,
): Promise<TokenClaims | undefined> {
  if (unverifiedToken.length > limits.tokenLength || !unverifiedToken.split('.').every(isCanonical)) return undefined;
  try {
    const { payload, protectedHeader } = await compactVerify(unverifiedToken, keySet(jwks), { algorithms: ALGORITHMS });
    if (protectedHeader.typ !== TOKEN_TYPE) return undefined;
    const claims = tokenClaims.safeParse(JSON.parse(Buffer.from(payload).toString()));
    return claims.data?.iss === issuer ? claims.data : undefined;
  } catch {
    // Any error, in the token or in a key, means that the token is not verified.
    return undefined;
  }
}

/** Reports whether a part of a token is canonical base64url. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

// Key sets are cached, because importing a key takes longer than verifying a signature with it.
const keySets = new WeakMap<JSONWebKeySet, CompactVerifyGetKey>();

function keySet(jwks: JSONWebKeySet): CompactVerifyGetKey {
  let set = keySets.get(jwks);
  if (set === undefined) {
    set = createLocalJWKSet(jwks);
    keySets.set(jwks, set);
  }
  return set;
}
