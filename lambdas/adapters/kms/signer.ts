import { type KMSClient, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import type { Algorithm, Signer } from '@tvm/core/keys/ports.ts';
import { awsCall } from '../aws-call.ts';
import { once } from '../once.ts';
import { derToJose } from './der-to-jose.ts';
import { kmsPublicKey } from './public-key.ts';

const SIGNING_ALGORITHMS: Record<Algorithm, SigningAlgorithmSpec> = {
  ES256: 'ECDSA_SHA_256',
  ES384: 'ECDSA_SHA_384',
  RS256: 'RSASSA_PKCS1_V1_5_SHA_256',
};

/** Signs with an asymmetric KMS key. The key id is read with one call and cached. Each signature takes another call. */
export function kmsSigner(kms: KMSClient, keyArn: string): Signer {
  const key = once(async () => {
    const { alg: algorithm, kid: keyId } = await kmsPublicKey(kms, keyArn);
    return { algorithm, keyId };
  });
  return {
    key,
    async sign({ digest }) {
      const { algorithm } = await key();
      const command = new SignCommand({
        KeyId: keyArn,
        MessageType: 'DIGEST',
        Message: digest,
        SigningAlgorithm: SIGNING_ALGORITHMS[algorithm],
      });
      const { Signature } = await awsCall('KMS', kms.send(command));
      if (Signature === undefined) throw new Error('KMS responded without a signature');
      return algorithm === 'RS256' ? Signature : derToJose(Signature, algorithm);
    },
  };
}
