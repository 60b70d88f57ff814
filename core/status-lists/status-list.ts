import { createHash } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { signedJws } from '../keys/jws.ts';
import type { Signer } from '../keys/ports.ts';
import type { PublishedStatusList, StatusList } from './published-status-list.ts';

// Token Status List: draft-ietf-oauth-status-list-20, approved as a standards-track RFC. The section numbers in this
// file refer to this version.

/** The media type of a Status List Token, without `application/` (section 5.1). */
export const STATUS_LIST_TYPE = 'statuslist+jwt';

/** The number of bits for each token: 0 is valid, 1 is invalid (section 7.1). */
const BITS = 1;

/** The number of indexes in a lease. */
export const LEASE_SIZE = 100;

/** How long a lease of indexes is valid, in seconds. A full list gets no new tokens after that time. */
export const LEASE = 3_600;

/** The rules for the status lists of this deployment. Times are in seconds. */
export interface StatusListRules {
  issuer: string;
  /** The number of indexes in a list. */
  size: number;
  /** How long a verifier may cache a list. */
  ttl: number;
  /** How long a signed list is valid. */
  validity: number;
}

/** Returns the URI of a status list. Every token contains this URI, so it must never change. */
export function statusListUri(issuer: string, list: number): string {
  return `${issuer}/status-lists/${list}`;
}

/** Returns a list in which all indexes are valid. Its size is rounded up to whole bytes (section 13.4). */
export function emptyBits(size: number): Uint8Array {
  return new Uint8Array(Math.ceil(size / 8));
}

/** Reports whether an index is marked as revoked. The least significant bit of each byte comes first (section 4.1). */
export function isInvalid(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/**
 * Marks indexes as revoked and extends the list to at least `size` indexes.
 *
 * @returns the changed bits, or `bits` itself if nothing changes
 */
export function withInvalid(bits: Uint8Array, indexes: readonly number[], size: number): Uint8Array {
  const length = indexes.reduce((bytes, index) => Math.max(bytes, (index >> 3) + 1), Math.ceil(size / 8));
  if (length <= bits.length && indexes.every((index) => isInvalid(bits, index))) return bits;
  const changed = new Uint8Array(Math.max(length, bits.length));
  changed.set(bits);
  for (const index of indexes) changed[index >> 3] = (changed[index >> 3] ?? 0) | (1 << (index & 7));
  return changed;
}

/** Compresses a list with DEFLATE in the ZLIB format, at the highest level (section 4.1). */
export function compress(bits: Uint8Array): Uint8Array {
  return deflateSync(bits, { level: 9 });
}

export function decompress(compressed: Uint8Array): Uint8Array {
  return inflateSync(compressed);
}

/** Returns the Status List in JSON format (section 4.2). */
export function statusListMember(compressed: Uint8Array): { bits: number; lst: string } {
  return { bits: BITS, lst: Buffer.from(compressed).toString('base64url') };
}

/**
 * Signs a list (section 5.1).
 *
 * @param now milliseconds since the epoch
 * @throws DependencyFault if the key store fails
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
  // The ETag is a hash of the content. After a restore from a backup, a version number could identify other content.
  const etag = `"${createHash('sha256').update(token).digest('base64url')}"`;
  return { token, etag, expiresAt: exp * 1000, uri, issuedAt: now };
}
