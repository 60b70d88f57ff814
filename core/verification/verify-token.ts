import { limits } from '@tvm/contract/limits.ts';
import { type TokenClaims, tokenClaims } from '@tvm/contract/token.ts';
import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { TOKEN_TYPE } from '../keys/jws.ts';
import type { Algorithm } from '../keys/ports.ts';

const ALGORITHMS: Algorithm[] = ['ES256', 'ES384', 'RS256'];

/**
 * Verifies that this service signed a token: algorithm, key, signature, type and issuer. A token has one spelling: base64url
 * without padding and without spare bits (RFC 7515, section 2; RFC 4648, section 3.5).
 *
 * Nothing in the token is parsed before its signature holds. Expiry is not judged here, since revoking an expired
 * token is no error (RFC 7009, section 2.2).
 *
 * @returns its claims; `undefined` when this service did not sign it, or the key that it names cannot be used
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
    // Whatever is wrong, with the token or with a key: it is not verified.
    return undefined;
  }
}

/** Whether a part of a token is base64url as an encoder writes it. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

// Importing a key costs more than verifying with it.
const keySets = new WeakMap<JSONWebKeySet, CompactVerifyGetKey>();

function keySet(jwks: JSONWebKeySet): CompactVerifyGetKey {
  let set = keySets.get(jwks);
  if (set === undefined) {
    set = createLocalJWKSet(jwks);
    keySets.set(jwks, set);
  }
  return set;
}
