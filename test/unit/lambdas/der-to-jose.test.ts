import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derToJose } from '#lambdas/adapters/kms/der-to-jose.ts';

const CURVES = [
  ['ES256', 'P-256', 'sha256', 32],
  ['ES384', 'P-384', 'sha384', 48],
] as const;

/** Encodes a magnitude as a DER integer, as short as possible. */
function derInteger(bytes: Uint8Array): number[] {
  const magnitude = [...bytes.subarray(bytes.findIndex((byte) => byte !== 0))];
  const content = (magnitude[0] ?? 0) > 0x7f ? [0, ...magnitude] : magnitude;
  return [0x02, content.length, ...content];
}
const der = (r: Uint8Array, s: Uint8Array) => {
  const content = [...derInteger(r), ...derInteger(s)];
  return Uint8Array.from([0x30, content.length, ...content]);
};

describe.each(CURVES)('%s', (algorithm, namedCurve, hash, size) => {
  const coordinate = fc
    .uint8Array({ minLength: size, maxLength: size })
    .filter((bytes) => bytes.some((byte) => byte !== 0));

  it('converts an OpenSSL signature to one that OpenSSL verifies in the JOSE encoding', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    for (let count = 0; count < 200; count++) {
      const message = Buffer.from(`message ${count}`);
      const jose = derToJose(sign(hash, message, privateKey), algorithm);
      expect(verify(hash, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, jose)).toBe(true);
    }
  });

  it('preserves R and S with any number of leading zero bytes', () => {
    const short = fc.tuple(coordinate, fc.integer({ min: 0, max: size - 1 })).map(([bytes, zeros]) => {
      const padded = bytes.slice();
      padded.fill(0, 0, zeros);
      padded[size - 1] ||= 1;
      return padded;
    });
    fc.assert(
      fc.property(short, short, (r, s) => {
        expect(derToJose(der(r, s), algorithm)).toEqual(Uint8Array.from([...r, ...s]));
      }),
    );
  });

  it('refuses every other sequence of bytes', () => {
    fc.assert(
      fc.property(coordinate, coordinate, fc.nat(), fc.integer({ min: 1, max: 255 }), (r, s, position, flip) => {
        const bytes = der(r, s);
        // The first bytes of the structure: tags and lengths.
        const structure = [0, 1, 2, 3];
        const at = structure[position % structure.length] ?? 0;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        expect(() => derToJose(bytes, algorithm)).toThrow('DER');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (noise) => {
        fc.pre(noise[0] !== 0x30);
        expect(() => derToJose(noise, algorithm)).toThrow('DER');
      }),
    );
  });

  it.each([
    ['bytes after the end', (bytes: number[]) => [...bytes, 0]],
    ['a truncated end', (bytes: number[]) => bytes.slice(0, -1)],
    ['nothing', () => []],
  ])('refuses %s', (_, change) => {
    const good = [...der(new Uint8Array(size).fill(1), new Uint8Array(size).fill(2))];
    expect(() => derToJose(Uint8Array.from(change(good)), algorithm)).toThrow('DER');
  });

  it('refuses negative, over-long and too large integers', () => {
    const one = [0x02, 0x01, 0x01];
    const sequence = (...content: number[]) => Uint8Array.from([0x30, content.length, ...content]);
    expect(() => derToJose(sequence(0x02, 0x01, 0x80, ...one), algorithm)).toThrow('DER');
    expect(() => derToJose(sequence(0x02, 0x02, 0x00, 0x01, ...one), algorithm)).toThrow('DER');
    expect(() => derToJose(sequence(0x02, 0x00, ...one), algorithm)).toThrow('DER');
    const large = new Array(size + 1).fill(1);
    expect(() => derToJose(sequence(0x02, size + 1, ...large, ...one), algorithm)).toThrow('DER');
  });
});
