import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { UnverifiedProof } from './read-proof.ts';
import type { ProofAlgorithm, PublicJwk } from './trust-entry.ts';

/** The hash and the key of an algorithm (RFC 7518, section 3.1; RFC 8037, section 3.1). */
const ALGORITHMS: Record<ProofAlgorithm, { hash: 'sha256' | 'sha384' | 'sha512' | null; kty: string; curve?: string }> =
  {
    RS256: { hash: 'sha256', kty: 'RSA' },
    RS384: { hash: 'sha384', kty: 'RSA' },
    RS512: { hash: 'sha512', kty: 'RSA' },
    PS256: { hash: 'sha256', kty: 'RSA' },
    PS384: { hash: 'sha384', kty: 'RSA' },
    PS512: { hash: 'sha512', kty: 'RSA' },
    ES256: { hash: 'sha256', kty: 'EC', curve: 'P-256' },
    ES384: { hash: 'sha384', kty: 'EC', curve: 'P-384' },
    ES512: { hash: 'sha512', kty: 'EC', curve: 'P-521' },
    EdDSA: { hash: null, kty: 'OKP', curve: 'Ed25519' },
  };

/** Minimum size of an RSA key in bits (RFC 7518, section 3.3), and the maximum, because verification takes time. */
const RSA_BITS = { min: 2_048, max: 8_192 };

/** Maximum number of keys that one proof is verified with. Only a proof without `kid` has more than one. */
const MAX_KEYS = 10;

/** The uses of keys that sign: JWTs, or JWT-SVIDs in a SPIFFE bundle. */
const USES = ['sig', 'jwt-svid'];

/**
 * Returns the problem of a public key for an algorithm, which completes a sentence about the key; `undefined` if the key can
 * verify signatures.
 *
 * @param algorithm absent: any algorithm of proofs
 */
export function keyProblem(key: PublicJwk, algorithm?: ProofAlgorithm): string | undefined {
  const { kty, crv, alg, use, key_ops: operations } = key;
  if (kty === 'oct' || key.k !== undefined) return 'is symmetric, so everybody who can verify with it can also sign';
  if (['d', 'p', 'q'].some((parameter) => key[parameter] !== undefined)) return 'is a private key';
  const fitting = Object.entries(ALGORITHMS).filter(
    ([name, { kty: type, curve }]) =>
      type === kty && curve === (kty === 'RSA' ? undefined : crv) && (alg === undefined || sameName(alg) === name),
  );
  if (fitting.length === 0) return 'has a type, a curve or an alg that is not supported';
  if (algorithm !== undefined && !fitting.some(([name]) => name === algorithm)) return `is not for ${algorithm}`;
  if (use !== undefined && !USES.includes(use)) return 'is not for signatures';
  if (Array.isArray(operations) && !operations.includes('verify')) return 'is not for verifying';
  const imported = importedKey(key);
  if (imported === undefined) return 'has invalid parameters';
  if (kty !== 'RSA') return undefined;
  const { modulusLength: bits = 0, publicExponent: exponent = 1n } = imported.asymmetricKeyDetails ?? {};
  if (bits < RSA_BITS.min || bits > RSA_BITS.max) return `has ${bits} bits, not ${RSA_BITS.min} to ${RSA_BITS.max}`;
  // With the exponent 1, everybody could write a signature.
  return exponent < 3n ? 'has an exponent below 3' : undefined;
}

/** RFC 9864 names the algorithm by its curve. */
function sameName(alg: string): string {
  return alg === 'Ed25519' ? 'EdDSA' : alg;
}

// Importing a key takes longer than verifying a signature with it.
const imported = new WeakMap<PublicJwk, KeyObject>();

function importedKey(key: PublicJwk): KeyObject | undefined {
  const known = imported.get(key);
  if (known !== undefined) return known;
  try {
    const made = createPublicKey({ key, format: 'jwk' });
    imported.set(key, made);
    return made;
  } catch {
    return undefined;
  }
}

/** The result of a verification; `found` says what is wrong. */
export type SignatureResult = { ok: true } | { ok: false; claim: 'kid' | 'signature'; expected: string; found: string };

/**
 * Verifies the signature of a proof with the keys of its issuer. The algorithm must already be known to be allowed. Only keys
 * with the proof's `kid` are used; if it names none, all keys for the algorithm.
 */
export function verifySignature(
  { header, signingInput, signature }: UnverifiedProof,
  algorithm: ProofAlgorithm,
  keys: readonly PublicJwk[],
): SignatureResult {
  const { kid } = header;
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  if (named.length === 0)
    return { ok: false, claim: 'kid', expected: 'a key of the issuer', found: 'no key of this name' };
  const problems = new Map(named.map((key) => [key, keyProblem(key, algorithm)]));
  const usable = named.filter((key) => problems.get(key) === undefined).slice(0, MAX_KEYS);
  if (usable.length === 0) {
    const found = `a key that ${problems.get(named[0] as PublicJwk)}`;
    return { ok: false, claim: 'kid', expected: `a key of the issuer for ${algorithm}`, found };
  }
  const { hash } = ALGORITHMS[algorithm];
  const options = algorithm.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { dsaEncoding: 'ieee-p1363' as const };
  const message = Buffer.from(signingInput);
  const valid = usable.some((jwk) => {
    const key = importedKey(jwk);
    return key !== undefined && verify(hash, message, { key, ...options }, signature);
  });
  if (valid) return { ok: true };
  return { ok: false, claim: 'signature', expected: 'valid for a key of the issuer', found: 'not valid' };
}
