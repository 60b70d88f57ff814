import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Compares a client's secret in constant time. Compares digests, because `timingSafeEqual` needs equal lengths.
 *
 * @param sent the client's secret, or undefined if it sent none
 * @param secret the expected secret, never empty
 */
export function isSameSecret(sent: string | undefined, secret: string): boolean {
  return timingSafeEqual(digestOf(sent ?? ''), digestOf(secret));
}

/** Returns the digest with which secrets are compared. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
