import { createHash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { signedJws } from '../keys/jws.ts';
import type { Signer } from '../keys/ports.ts';
import type { PublishedStatusList, StatusList } from './published-status-list.ts';

// Token Status List: draft-ietf-oauth-status-list-20, approved as a standards-track RFC. Sections are this version's.

/** The media type of a Status List Token, without `application/` (section 5.1). */
export const STATUS_LIST_TYPE = 'statuslist+jwt';

/** A place for each token: 0 is valid, 1 is invalid (section 7.1). */
const BITS = 1;

/** How many places are leased at once. */
export const LEASED_PLACES = 100;

/** How long a lease of places may be used, in seconds. From then on, a list that is full gets no more tokens. */
export const LEASE = 3_600;

/** What this deployment's status lists are. Times in seconds. */
export interface StatusListRules {
  issuer: string;
  /** Tokens that a list has places for. */
  size: number;
  /** How long whoever fetched a list may use it before asking again. */
  ttl: number;
  /** How long a list is valid once it is signed. */
  validity: number;
}

/** Where a status list is found: part of every token, so it never changes. */
export function statusListUri(issuer: string, list: number): string {
  return `${issuer}/status-lists/${list}`;
}

/** Bits for this many places, all valid: a whole number of bytes (section 13.4). */
export function emptyBits(places: number): Uint8Array {
  return new Uint8Array(Math.ceil(places / 8));
}

/** Whether a place is marked as revoked. Bits are counted from each byte's least significant one (section 4.1). */
export function isInvalid(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/**
 * The same bits with these places marked as revoked, and room for at least `places`.
 *
 * @returns the bits given, where there is nothing to change
 */
export function withInvalid(bits: Uint8Array, indexes: readonly number[], places: number): Uint8Array {
  const length = indexes.reduce((bytes, index) => Math.max(bytes, (index >> 3) + 1), Math.ceil(places / 8));
  if (length <= bits.length && indexes.every((index) => isInvalid(bits, index))) return bits;
  const changed = new Uint8Array(Math.max(length, bits.length));
  changed.set(bits);
  for (const index of indexes) changed[index >> 3] = (changed[index >> 3] ?? 0) | (1 << (index & 7));
  return changed;
}

/** DEFLATE in the ZLIB format, at the highest level (section 4.1). */
export function compress(bits: Uint8Array): Uint8Array {
  return deflateSync(bits, { level: 9 });
}

export function decompress(compressed: Uint8Array): Uint8Array {
  return inflateSync(compressed);
}

/** The Status List in JSON (section 4.2). */
export function statusListMember(compressed: Uint8Array): { bits: number; lst: string } {
  return { bits: BITS, lst: Buffer.from(compressed).toString('base64url') };
}

/**
 * Signs a list (section 5.1).
 *
 * @param now milliseconds since the epoch
 * @throws DependencyFault when the keeper of the key fails
 */
export async function publish(
  list: number,
  compressed: Uint8Array,
  { issuer, ttl, validity }: StatusListRules,
  signer: Signer,
  now: number,
): Promise<PublishedStatusList & Pick<StatusList, 'uri' | 'issuedAt'>> {
  const uri = statusListUri(issuer, list);
  const iat = Math.floor(now / 1000);
  const exp = iat + validity;
  const status_list = statusListMember(compressed);
  const token = await signedJws(signer, STATUS_LIST_TYPE, { iss: issuer, sub: uri, iat, exp, ttl, status_list });
  // Of the content: a version number would name other bytes again after the table is restored from a backup.
  const etag = `"${createHash('sha256').update(token).digest('base64url')}"`;
  return { token, etag, expiresAt: exp * 1000, uri, issuedAt: now };
}
