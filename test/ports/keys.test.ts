import { createPublicKey, verify } from 'node:crypto';
import { CreateKeyCommand, type KeySpec, KMSClient } from '@aws-sdk/client-kms';
import { compactJws, signingDigest, signingInput, TOKEN_TYPE } from '@tvm/core/keys/jws.ts';
import type { Algorithm, Signer, VerificationKeys } from '@tvm/core/keys/ports.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { calculateJwkThumbprint, compactVerify, createLocalJWKSet } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kmsSigner } from '#lambdas/adapters/kms/signer.ts';
import { kmsVerificationKeys } from '#lambdas/adapters/kms/verification-keys.ts';
import { localKeys } from '../fakes/local-keys.ts';

const { target } = inject('deployed');
const kms = new KMSClient(target);

async function kmsKeys(KeySpec: KeySpec): Promise<{ signer: Signer; keys: VerificationKeys }> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage: 'SIGN_VERIFY' }));
  const arn = KeyMetadata?.Arn ?? '';
  return { signer: kmsSigner(kms, arn), keys: kmsVerificationKeys(kms, [arn]) };
}

const SPECS: Record<Algorithm, KeySpec> = { ES256: 'ECC_NIST_P256', ES384: 'ECC_NIST_P384', RS256: 'RSA_2048' };
const cases = (Object.keys(SPECS) as Algorithm[]).flatMap((algorithm) => [
  { algorithm, keeper: 'this process', make: () => localKeys(algorithm) },
  { algorithm, keeper: 'KMS', make: () => kmsKeys(SPECS[algorithm]) },
]);

describe.each(cases)('a key for $algorithm in $keeper', ({ algorithm, make }) => {
  let signer: Signer;
  let keys: VerificationKeys;
  beforeAll(async () => {
    ({ signer, keys } = await make());
  });

  it('has its thumbprint as ID, the same for signer and verifier', async () => {
    const [jwk] = (await keys.jwks()).keys;
    if (jwk === undefined) throw new Error('no key');
    expect(await signer.key()).toEqual({ algorithm, keyId: jwk.kid });
    expect(jwk.kid).toBe(await calculateJwkThumbprint(jwk));
    expect(jwk).toMatchObject({ alg: algorithm, use: 'sig' });
    expect(jwk).not.toHaveProperty('d');
  });

  it('creates signatures that jose and OpenSSL verify', async () => {
    const jwks = await keys.jwks();
    const claims = { sub: 'x' } as never;
    for (let count = 0; count < 10; count++) {
      const input = signingInput(await signer.key(), TOKEN_TYPE, claims);
      const signature = await signer.sign({ input, digest: signingDigest(algorithm, input) });
      await compactVerify(compactJws(input, signature), createLocalJWKSet(jwks), { algorithms: [algorithm] });

      const key = createPublicKey({ key: jwks.keys[0] as never, format: 'jwk' });
      const hash = algorithm === 'ES384' ? 'sha384' : 'sha256';
      expect(verify(hash, Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
    }
  });
});

it('a missing KMS key is an error of a dependency', async () => {
  const missing = 'arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000';
  await expect(kmsSigner(kms, missing).key()).rejects.toBeInstanceOf(DependencyFault);
  await expect(kmsVerificationKeys(kms, [missing]).jwks()).rejects.toBeInstanceOf(DependencyFault);
});
