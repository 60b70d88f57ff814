import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Algorithm, Signer, VerificationKeys } from '@tvm/core/keys/ports.ts';
import { calculateJwkThumbprint, type JWK } from 'jose';

/** A key pair of this process, as a signer and as verification keys. */
export async function localKeys(
  algorithm: Algorithm = 'ES256',
): Promise<{ signer: Signer; keys: VerificationKeys; privateKey: KeyObject }> {
  const privateKey = generate(algorithm);
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  const keyId = await calculateJwkThumbprint(jwk);
  const jwks = { keys: [{ ...jwk, kid: keyId, alg: algorithm, use: 'sig' }] };
  const hash = algorithm === 'ES384' ? 'sha384' : 'sha256';
  return {
    privateKey,
    signer: {
      key: async () => ({ algorithm, keyId }),
      sign: async ({ input }) => sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    },
    keys: { jwks: async () => jwks },
  };
}

function generate(algorithm: Algorithm): KeyObject {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  return generateKeyPairSync('ec', { namedCurve: algorithm === 'ES256' ? 'P-256' : 'P-384' }).privateKey;
}
