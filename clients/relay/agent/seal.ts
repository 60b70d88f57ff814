import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { QuotableFailure } from '../model/reason.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D, 8.2.2: a random nonce of 96 bits. One key seals far fewer than the 2^32 texts that it allows. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Why something sealed cannot be opened, or a key not be used: a sentence without either. */
export class SealFailure extends QuotableFailure {
  override readonly name = 'SealFailure';
}

/**
 * A key of AES-256 from text: 32 bytes as base64, base64url or hexadecimal digits.
 *
 * @throws {SealFailure}
 */
export function keyOf(text: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  // 43 characters hold 32 bytes; Node reads both alphabets as base64.
  if (/^[\w+/-]{43}=?$/.test(trimmed)) {
    const key = Buffer.from(trimmed, 'base64');
    if (key.length === KEY_BYTES) return key;
  }
  throw new SealFailure('the key must be 32 bytes as base64 or hexadecimal digits, as from: openssl rand -base64 32');
}

/**
 * Encrypts a text.
 *
 * @param bound what it belongs to: it opens together with this alone
 * @returns base64
 */
export function seal(key: Buffer, bound: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(bound));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** @throws {SealFailure} when it was sealed with another key or for something else, or was changed since */
export function unseal(key: Buffer, bound: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new SealFailure('it was written with another key or for another path, or was changed since');
  }
}
