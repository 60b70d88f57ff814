import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { SourceFailure } from '../../model/source.ts';
import { signingKey } from './private-key.ts';

/** How long an assertion may be used, in seconds: long enough for clocks that differ a little. */
const LIFETIME = 60;

/**
 * A JWT that a client signs to prove who it is (RFC 7523 2.2 and 3): for one audience, for a minute, and for one use.
 *
 * @param privateKey PEM or JWK
 * @param keyId the `kid` to name, in place of the JWK's own
 * @param now milliseconds since the epoch
 * @throws {SourceFailure} which says nothing of the key
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
    throw new SourceFailure(`the private key cannot sign by ${alg}`);
  }
}
