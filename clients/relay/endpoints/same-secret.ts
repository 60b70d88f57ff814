import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a client sent the secret, in a time that tells nothing of how much of it was right. The digests have one
 * length, as `timingSafeEqual` needs.
 *
 * @param sent nothing when the client sent none
 * @param secret never empty
 */
export function isSameSecret(sent: string | undefined, secret: string): boolean {
  return timingSafeEqual(digestOf(sent ?? ''), digestOf(secret));
}

/** What secrets are compared by. */
export function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
