import { createHash } from 'node:crypto';
import type { Algorithm, KeyName, Signer } from './ports.ts';

const DIGESTS: Record<Algorithm, 'sha256' | 'sha384'> = { ES256: 'sha256', ES384: 'sha384', RS256: 'sha256' };

/** The media type of a JWT access token, without `application/` (RFC 9068, section 2.1). */
export const TOKEN_TYPE = 'at+jwt';

/**
 * Returns the JWS signing input: `BASE64URL(header) . BASE64URL(payload)` (RFC 7515, section 5.1).
 *
 * @param type the `typ` of the header, which prevents the use of one kind of JWS as another (RFC 8725, section 3.11)
 */
export function signingInput(key: KeyName, type: string, payload: object): string {
  const header = { alg: key.algorithm, typ: type, kid: key.keyId };
  return `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
}

/** Returns the digest of a signing input: SHA-384 (48 bytes) for ES384, otherwise SHA-256 (32 bytes). */
export function signingDigest(algorithm: Algorithm, input: string): Uint8Array {
  return createHash(DIGESTS[algorithm]).update(input).digest();
}

/** Returns the JWS in compact serialization. */
export function compactJws(input: string, signature: Uint8Array): string {
  return `${input}.${base64url(signature)}`;
}

/**
 * Signs a payload.
 *
 * @param type the `typ` of the header; must not be {@link TOKEN_TYPE}, which is reserved for access tokens
 * @returns the JWS in compact serialization
 * @throws DependencyFault if the key store fails
 */
export async function signedJws(signer: Signer, type: string, payload: object): Promise<string> {
  const key = await signer.key();
  const input = signingInput(key, type, payload);
  return compactJws(input, await signer.sign({ input, digest: signingDigest(key.algorithm, input) }));
}

function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString('base64url');
}
