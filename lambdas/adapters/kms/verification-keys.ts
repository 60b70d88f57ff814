import type { KMSClient } from '@aws-sdk/client-kms';
import type { VerificationKeys } from '@tvm/core/keys/ports.ts';
import { once } from '../once.ts';
import { kmsPublicKey } from './public-key.ts';

/**
 * The public keys of KMS keys, read once and cached. A deployment that changes the keys also changes the function's
 * environment, which restarts the function.
 *
 * @param keyArns all keys whose signatures may still be valid
 */
export function kmsVerificationKeys(kms: KMSClient, keyArns: readonly string[]): VerificationKeys {
  return {
    jwks: once(async () => ({ keys: await Promise.all(keyArns.map((arn) => kmsPublicKey(kms, arn))) })),
  };
}
