import type { KMSClient } from '@aws-sdk/client-kms';
import type { VerificationKeys } from '@tvm/core/keys/ports.ts';
import { once } from '../once.ts';
import { kmsPublicKey } from './public-key.ts';

/**
 * The public halves of KMS keys, read once: a deployment that changes the keys changes the function's environment,
 * and with it starts the function anew.
 *
 * @param keyArns every key that signed a token which may still be valid
 */
export function kmsVerificationKeys(kms: KMSClient, keyArns: readonly string[]): VerificationKeys {
  return {
    jwks: once(async () => ({ keys: await Promise.all(keyArns.map((arn) => kmsPublicKey(kms, arn))) })),
  };
}
