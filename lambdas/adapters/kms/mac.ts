import { GenerateMacCommand, type KMSClient, KMSInvalidMacException, VerifyMacCommand } from '@aws-sdk/client-kms';
import type { Mac } from '@tvm/core/keys/ports.ts';
import { awsCall } from '../aws-call.ts';

/** Seals by HMAC-SHA-256, with a key that never leaves KMS. Texts of at most 4,096 bytes. */
export function kmsMac(kms: KMSClient, KeyId: string): Mac {
  const asked = (text: string) => ({ KeyId, Message: Buffer.from(text), MacAlgorithm: 'HMAC_SHA_256' as const });
  return {
    async of(text) {
      const { Mac } = await awsCall('KMS', kms.send(new GenerateMacCommand(asked(text))));
      if (Mac === undefined) throw new Error('KMS answered without a code');
      return Mac;
    },

    async fits(text, mac) {
      const verified = kms.send(new VerifyMacCommand({ ...asked(text), Mac: mac })).catch((error) => {
        if (error instanceof KMSInvalidMacException) return { MacValid: false };
        throw error;
      });
      const { MacValid } = await awsCall('KMS', verified);
      return MacValid === true;
    },
  };
}
