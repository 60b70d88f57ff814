import { GenerateMacCommand, type KMSClient, KMSInvalidMacException, VerifyMacCommand } from '@aws-sdk/client-kms';
import type { Mac } from '@tvm/core/keys/ports.ts';
import { awsCall } from '../aws-call.ts';

/** Computes and verifies HMAC-SHA-256 codes of texts of at most 4,096 bytes, with a key that never leaves KMS. */
export function kmsMac(kms: KMSClient, KeyId: string): Mac {
  const request = (text: string) => ({ KeyId, Message: Buffer.from(text), MacAlgorithm: 'HMAC_SHA_256' as const });
  return {
    async of(text) {
      const { Mac } = await awsCall('KMS', kms.send(new GenerateMacCommand(request(text))));
      if (Mac === undefined) throw new Error('KMS responded without a MAC');
      return Mac;
    },

    async fits(text, mac) {
      const verified = kms.send(new VerifyMacCommand({ ...request(text), Mac: mac })).catch((error) => {
        if (error instanceof KMSInvalidMacException) return { MacValid: false };
        throw error;
      });
      const { MacValid } = await awsCall('KMS', verified);
      return MacValid === true;
    },
  };
}
