import { inflateSync } from 'node:zlib';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import * as z from 'zod';
import { StatusListFailure } from './status-list-failure.ts';

/** A verified status list. */
export interface StatusList {
  /** When the list was signed, in seconds since the epoch. */
  issuedAt: number;
  /** When the list expires, in milliseconds since the epoch. */
  endsAt: number;
  /** How long the list may be used before it is fetched again, in milliseconds. */
  ttl: number;
  bits: Uint8Array;
}

/** The expected origin of a list. */
export interface Expected {
  issuer: string;
  uri: string;
  /** The URL that the list was fetched from, for messages. */
  url: string;
  /** The current time in milliseconds since the epoch. */
  now: number;
}

/** The maximum size of an uncompressed list, in bytes. A list has at most a million entries: 125,000 bytes. */
const LARGEST = 1024 * 1024;

/** Bounds of the TTL, in milliseconds, so that a list is fetched neither constantly nor never. */
const [SHORTEST_TTL, LONGEST_TTL] = [5_000, 3_600_000];

const payload = z.object({
  iat: z.int().nonnegative(),
  exp: z.int().positive(),
  ttl: z.int().positive(),
  status_list: z.object({ bits: z.literal(1), lst: z.string().regex(/^[\w-]+$/) }),
});

// jose and zlib are imported statically, because this file itself is imported on demand.

/**
 * Verifies a Status List Token and reads the list in it.
 *
 * @param keys the keys that sign only status lists
 * @returns undefined if the key that the token names is not among `keys`
 * @throws {StatusListFailure} if the token is not a valid list of this issuer and this URI, signed with one of `keys`
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/20/ sections 5.1 and 8.3
 */
export async function readStatusList(
  jwt: string,
  keys: JSONWebKeySet,
  expected: Expected,
): Promise<StatusList | undefined> {
  try {
    const { payload: claims } = await jwtVerify(jwt, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
      typ: 'statuslist+jwt',
      issuer: expected.issuer,
      subject: expected.uri,
      requiredClaims: ['iat', 'exp', 'ttl', 'status_list'],
      clockTolerance: 5,
      currentDate: new Date(expected.now),
    });
    const { iat, exp, ttl, status_list } = payload.parse(claims);
    return {
      issuedAt: iat,
      endsAt: exp * 1_000,
      ttl: Math.min(Math.max(ttl * 1_000, SHORTEST_TTL), LONGEST_TTL),
      bits: inflateSync(Buffer.from(status_list.lst, 'base64url'), { maxOutputLength: LARGEST }),
    };
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return undefined;
    const why = error instanceof errors.JOSEError ? ` (${error.code})` : '';
    throw new StatusListFailure(`${expected.url} did not return a valid status list${why}`);
  }
}
