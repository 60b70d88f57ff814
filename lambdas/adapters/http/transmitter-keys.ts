import { DependencyFault } from '@tvm/core/ports.ts';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { boundedFetch } from './bounded-fetch.ts';

/** How long an answer is waited for, in milliseconds. */
const TIMEOUT = 3_000;

/** How long keys are used before they are fetched again, in milliseconds: a key that was taken back is used no longer. */
const KEEP = 300_000;

/** How long after a fetch there is no other for a `kid` that is not there, or after a failure, in milliseconds. */
const COOL_DOWN = 30_000;

/**
 * A transmitter's public keys, by its JWKS (RFC 7517). They are fetched when they are first needed and every five minutes;
 * for an unknown `kid` at most every 30 seconds, since anybody may send one.
 *
 * @param jwksUri where they are: from the configuration, never from a token
 * @returns picks the key for a JWS. It throws a JOSE error when there is none, DependencyFault when they cannot be had
 */
export function transmitterKeys(jwksUri: string): JWTVerifyGetKey {
  let failed: { at: number; why: unknown } | undefined;
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: TIMEOUT,
    cacheMaxAge: KEEP,
    cooldownDuration: COOL_DOWN,
    async [customFetch](url: string, { headers }: { headers: Headers }) {
      if (failed !== undefined && Date.now() < failed.at + COOL_DOWN) throw failed.why;
      try {
        const { status, text } = await boundedFetch(url, { headers }, TIMEOUT);
        if (status !== 200) throw new Error(`answered with status ${status}`);
        failed = undefined;
        return Response.json(JSON.parse(text));
      } catch (why) {
        failed = { at: Date.now(), why };
        throw why;
      }
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      const notThere = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
      if (notThere.some((kind) => error instanceof kind)) throw error;
      throw new DependencyFault('the transmitter’s JWKS', error);
    }
  };
}
