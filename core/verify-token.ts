import { type CompactVerifyGetKey, compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import { type TokenClaims, tokenClaims } from '../contract/token.ts';
import { TOKEN_TYPE } from './jws.ts';
import type { Algorithm } from './ports.ts';

const ALGORITHMS: Algorithm[] = ['ES256', 'ES384', 'RS256'];

/**
 * Verifies that this machine signed a token: algorithm, key, signature, type and issuer.
 *
 * Nothing in the token is parsed before its signature holds. Expiry is not judged here, since revoking an expired
 * token is no error (RFC 7009, section 2.2).
 *
 * @returns its claims; `undefined` when this machine did not sign it
 */
export async function verifyToken(
  unverifiedToken: string,
  jwks: JSONWebKeySet,
  issuer: string,
): Promise<TokenClaims | undefined> {
  try {
    const { payload, protectedHeader } = await compactVerify(unverifiedToken, keySet(jwks), { algorithms: ALGORITHMS });
    if (protectedHeader.typ !== TOKEN_TYPE) return undefined;
    const claims = tokenClaims.safeParse(JSON.parse(Buffer.from(payload).toString()));
    return claims.data?.iss === issuer ? claims.data : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
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
