/** Length of R and of S in bytes, by algorithm (RFC 7518, section 3.4). */
const COORDINATE_BYTES = { ES256: 32, ES384: 48 } as const;

/**
 * Converts an ECDSA signature from the DER encoding of KMS to the encoding of JWS.
 *
 * KMS returns `SEQUENCE { INTEGER r, INTEGER s }` in DER (RFC 3279, section 2.2.3). DER integers are signed and as
 * short as possible, so they may begin with a zero byte. JWS concatenates R and S, each padded to the curve's size.
 *
 * @throws if the bytes are not such a DER structure, or if bytes follow it
 */
export function derToJose(der: Uint8Array, algorithm: 'ES256' | 'ES384'): Uint8Array {
  const size = COORDINATE_BYTES[algorithm];
  const sequence = element(der, 0, 0x30);
  const r = element(der, sequence.start, 0x02);
  const s = element(der, r.end, 0x02);
  if (sequence.end !== der.length || s.end !== sequence.end) throw malformed();

  const jose = new Uint8Array(2 * size);
  writeInteger(der.subarray(r.start, r.end), jose.subarray(0, size));
  writeInteger(der.subarray(s.start, s.end), jose.subarray(size));
  return jose;
}

/**
 * Returns the start and end of the content of the DER element at `offset`. Lengths in these signatures fit in one byte.
 */
function element(der: Uint8Array, offset: number, tag: number): { start: number; end: number } {
  const length = der[offset + 1];
  const start = offset + 2;
  if (der[offset] !== tag || length === undefined || length > 0x7f || start + length > der.length) throw malformed();
  return { start, end: start + length };
}

/** Writes a positive DER integer into a coordinate, right-aligned. */
function writeInteger(integer: Uint8Array, coordinate: Uint8Array): void {
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
