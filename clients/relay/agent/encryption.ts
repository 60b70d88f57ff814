import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { QuotableFailure } from '../model/reason.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** A random nonce of 96 bits (NIST SP 800-38D, 8.2.2). One key encrypts far fewer texts than the limit of 2^32. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A failure to decrypt, or an unusable key. The message contains neither the key nor the text. */
export class EncryptionFailure extends QuotableFailure {
  override readonly name = 'EncryptionFailure';
}

/**
 * Parses an AES-256 key: 32 bytes in base64, base64url or hexadecimal.
 *
 * @throws {EncryptionFailure}
 */
export function keyOf(text: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  // 43 characters encode 32 bytes. Node decodes both alphabets as base64.
  if (/^[\w+/-]{43}=?$/.test(trimmed)) {
    const key = Buffer.from(trimmed, 'base64');
    if (key.length === KEY_BYTES) return key;
  }
  throw new EncryptionFailure(
    'the key must be 32 bytes in base64 or hexadecimal, such as the output of: openssl rand -base64 32',
  );
}

/**
 * Encrypts a text with AES-256-GCM.
 *
 * @param bound additional authenticated data. Decryption needs the same data
 * @returns base64
 */
export function encrypt(key: Buffer, bound: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(bound));
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]).toString('base64');
}

/** Decrypts a text. @throws {EncryptionFailure} if the key or `bound` differs, or if the text was changed */
export function decrypt(key: Buffer, bound: string, encrypted: string): string {
  const bytes = Buffer.from(encrypted, 'base64');
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new EncryptionFailure('it was written with another key or for another path, or it was changed');
  }
}
