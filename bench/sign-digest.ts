import { createECDH, type KeyObject } from 'node:crypto';

/** The order of P-256 (FIPS 186-5). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Signs a digest with ECDSA on P-256, as KMS does with `MessageType: DIGEST`, in DER. node:crypto signs only messages.
 *
 * Use it only in a stub for a bench: the time of big integer operations depends on the key.
 */
export function signDigest(privateKey: KeyObject, digest: Uint8Array): Buffer {
  const d = integer(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
  // An ephemeral key pair is a nonce k and the point k·G, computed by OpenSSL.
  const nonce = createECDH('prime256v1');
  const point = nonce.generateKeys();
  const r = integer(point.subarray(1, 33)) % ORDER;
  const s = (inverse(integer(nonce.getPrivateKey())) * (integer(digest) + r * d)) % ORDER;
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Returns the inverse modulo the order, with the extended Euclidean algorithm. */
function inverse(value: bigint): bigint {
  let [r0, r1, t0, t1] = [ORDER, value, 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return t0 < 0n ? t0 + ORDER : t0;
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  const positive = (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return Buffer.concat([Buffer.from([0x02, positive.length]), positive]);
}
