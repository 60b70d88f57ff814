import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { SourceFailure } from '../../model/source.ts';
import { signingKey } from './private-key.ts';

/** The lifetime of an assertion, in seconds. It allows for some clock skew. */
const LIFETIME = 60;

/**
 * Signs a client assertion (RFC 7523 2.2 and 3): a JWT for one audience, valid for one minute and one use.
 *
 * @param privateKey PEM or JWK
 * @param keyId the `kid` of the header. Default: the `kid` of the JWK
 * @param now milliseconds since the epoch
 * @throws {SourceFailure} without any part of the key in its message
 */
export async function clientAssertion(
  {
    clientId,
    audience,
    privateKey,
    keyId,
  }: Record<'clientId' | 'audience' | 'privateKey', string> & {
    keyId?: string | undefined;
  },
  now: number,
): Promise<string> {
  const { key, alg, kid: ownId } = signingKey(privateKey);
  const kid = keyId ?? ownId;
  const issuedAt = Math.floor(now / 1_000);
  try {
    return await new SignJWT()
      .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME)
      .sign(key);
  } catch {
    throw new SourceFailure(`the private key cannot sign with ${alg}`);
  }
}
