import { inflateSync } from 'node:zlib';
import { createLocalJWKSet, errors, type JSONWebKeySet, jwtVerify } from 'jose';
import * as z from 'zod';
import { StatusListFailure } from './status-list-failure.ts';

/** A list that was verified. */
export interface StatusList {
  /** When it was signed, in seconds since the epoch. */
  issuedAt: number;
  /** From then on it says nothing, in milliseconds since the epoch. */
  endsAt: number;
  /** How long it may be used before it is asked for again, in milliseconds. */
  ttl: number;
  bits: Uint8Array;
}

/** What a list must be of, or it is another one. */
export interface Expected {
  issuer: string;
  uri: string;
  /** Where it was asked for, for sentences. */
  url: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** A list has a million places at most: 125,000 bytes. More is no list, in bytes. */
const LARGEST = 1024 * 1024;

/** Between these, in milliseconds, whatever a list says: to ask all the time, or never, is no use. */
const [SHORTEST_TTL, LONGEST_TTL] = [5_000, 3_600_000];

const payload = z.object({
  iat: z.int().nonnegative(),
  exp: z.int().positive(),
  ttl: z.int().positive(),
  status_list: z.object({ bits: z.literal(1), lst: z.string().regex(/^[\w-]+$/) }),
});

// jose and zlib are imported here outright: this file is itself imported where a list is read.

/**
 * Verifies a Status List Token and reads the list in it.
 *
 * @param keys those that sign status lists, and nothing else
 * @returns nothing when none of these keys is the one that it names
 * @throws {StatusListFailure} when it is not a list of this issuer with this uri, signed by one of these keys, now
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
    throw new StatusListFailure(`${expected.url} gave no status list that can be believed${why}`);
  }
}
