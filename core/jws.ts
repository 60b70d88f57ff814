import { createHash } from 'node:crypto';
import type { TokenClaims } from '../contract/token.ts';
import type { Algorithm, KeyName } from './ports.ts';

const DIGESTS: Record<Algorithm, 'sha256' | 'sha384'> = { ES256: 'sha256', ES384: 'sha384', RS256: 'sha256' };

/** The media type of a JWT access token, without `application/` (RFC 9068, section 2.1). */
export const TOKEN_TYPE = 'at+jwt';

/** What is signed: `BASE64URL(header) . BASE64URL(claims)` (RFC 7515, section 5.1). */
export function signingInput(key: KeyName, claims: TokenClaims): string {
  const header = { alg: key.algorithm, typ: TOKEN_TYPE, kid: key.keyId };
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
}

/** The digest of a signing input: 32 bytes of SHA-256, or 48 of SHA-384 for ES384. */
export function signingDigest(algorithm: Algorithm, input: string): Uint8Array {
  return createHash(DIGESTS[algorithm]).update(input).digest();
}

/** The token: the signing input with its signature (JWS compact serialization). */
export function compactJws(input: string, signature: Uint8Array): string {
  return `${input}.${base64url(signature)}`;
}

function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString('base64url');
}
