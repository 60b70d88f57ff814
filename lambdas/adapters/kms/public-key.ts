import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Algorithm } from '@tvm/core/keys/ports.ts';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { awsCall } from '../aws-call.ts';

const ALGORITHMS: Record<string, Algorithm> = {
  ECC_NIST_P256: 'ES256',
  ECC_NIST_P384: 'ES384',
  RSA_2048: 'RS256',
};

/** A public key in the format of the JWKS (RFC 7517). Its `kid` is the RFC 7638 thumbprint. */
export type PublicJwk = JWK & { kid: string; alg: Algorithm };

/**
 * Reads the public half of a KMS key.
 *
 * @throws DependencyFault if KMS fails, and an error if the service does not sign with keys of this spec
 */
export async function kmsPublicKey(kms: KMSClient, keyArn: string): Promise<PublicJwk> {
  const { KeySpec, PublicKey } = await awsCall('KMS', kms.send(new GetPublicKeyCommand({ KeyId: keyArn })));
  const algorithm = ALGORITHMS[KeySpec ?? ''];
  if (algorithm === undefined || PublicKey === undefined)
    throw new Error(`KMS key spec ${KeySpec} is not supported for signing`);
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  const jwk = key.export({ format: 'jwk' }) as JWK;
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: 'sig' };
}
