import { DependencyFault } from '@tvm/core/ports.ts';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { boundedFetch } from './bounded-fetch.ts';

/** Timeout for a response, in milliseconds. */
const TIMEOUT = 3_000;

/** How long keys are cached, in milliseconds. A revoked key is used no longer than that. */
const CACHE_FOR = 300_000;

/** Minimum time between a failed fetch, or a fetch for an unknown `kid`, and the next fetch, in milliseconds. */
const COOL_DOWN = 30_000;

/**
 * Resolves a transmitter's public keys from its JWKS (RFC 7517). The keys are fetched on first use and then every five
 * minutes. An unknown `kid` causes a fetch at most every 30 seconds, since anybody can send one.
 *
 * @param jwksUri URL of the JWKS, from the configuration and never from a token
 * @returns a function that returns the key of a JWS. It throws a JOSE error if there is no such key, and
 *   DependencyFault if the JWKS cannot be fetched.
 */
export function transmitterKeys(jwksUri: string): JWTVerifyGetKey {
  let failed: { at: number; why: unknown } | undefined;
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    timeoutDuration: TIMEOUT,
    cacheMaxAge: CACHE_FOR,
    cooldownDuration: COOL_DOWN,
    async [customFetch](url: string, { headers }: { headers: Headers }) {
      if (failed !== undefined && Date.now() < failed.at + COOL_DOWN) throw failed.why;
      try {
        const { status, text } = await boundedFetch(url, { headers }, TIMEOUT);
        if (status !== 200) throw new Error(`responded with status ${status}`);
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
      const noSuchKey = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];
      if (noSuchKey.some((kind) => error instanceof kind)) throw error;
      throw new DependencyFault('the transmitter’s JWKS', error);
    }
  };
}
