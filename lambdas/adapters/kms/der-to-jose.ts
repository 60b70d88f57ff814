/** Bytes of R, and of S, by algorithm (RFC 7518, section 3.4). */
const COORDINATE_BYTES = { ES256: 32, ES384: 48 } as const;

/**
 * Turns the ECDSA signature that KMS gives into the one that JWS writes.
 *
 * KMS: DER, `SEQUENCE { INTEGER r, INTEGER s }` (RFC 3279, section 2.2.3), where integers are signed, so that they may
 * begin with a zero byte, and as short as possible. JWS: R and S, each filled up to the curve's size.
 *
 * @throws when the bytes are no such DER, to the last byte
 */
export function derToJose(der: Uint8Array, algorithm: 'ES256' | 'ES384'): Uint8Array {
  const size = COORDINATE_BYTES[algorithm];
  const sequence = element(der, 0, 0x30);
  const r = element(der, sequence.start, 0x02);
  const s = element(der, r.end, 0x02);
  if (sequence.end !== der.length || s.end !== sequence.end) throw malformed();

  const jose = new Uint8Array(2 * size);
  place(der.subarray(r.start, r.end), jose.subarray(0, size));
  place(der.subarray(s.start, s.end), jose.subarray(size));
  return jose;
}

/** Where the content of the DER element at `offset` starts and ends. Both lengths here fit in one byte. */
function element(der: Uint8Array, offset: number, tag: number): { start: number; end: number } {
  const length = der[offset + 1];
  const start = offset + 2;
  if (der[offset] !== tag || length === undefined || length > 0x7f || start + length > der.length) throw malformed();
  return { start, end: start + length };
}

/** Writes a positive DER integer into a coordinate, right-aligned. */
function place(integer: Uint8Array, coordinate: Uint8Array): void {
  const [first, second] = integer;
  const padded = first === 0 && integer.length > 1;
  if (first === undefined || first > 0x7f || (padded && (second ?? 0) < 0x80)) throw malformed();
  const magnitude = padded ? integer.subarray(1) : integer;
  if (magnitude.length > coordinate.length) throw malformed();
  coordinate.set(magnitude, coordinate.length - magnitude.length);
}

function malformed(): Error {
  return new Error('the signature is not a DER-encoded ECDSA signature of the expected curve');
}
