import { KMSClient } from '@aws-sdk/client-kms';
import { transmitterMetadata } from '@tvm/core/security-events/transmitter-metadata.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { openHandler } from '../middleware/open-handler.ts';
import { publicDocument } from '../runtime/answers.ts';
import { readEnv } from '../runtime/read-env.ts';
import { serveTransmitterMetadataEnv } from './env.ts';

const env = readEnv(serveTransmitterMetadataEnv);
const keys = kmsVerificationKeys(new KMSClient(clientSettings), [env.SIGNING_KEY_ARN]);

/**
 * `GET /.well-known/ssf-configuration` and `GET /.well-known/security-event-keys.json`, public: the transmitter
 * metadata (SSF 1.0, section 7), and the key that signs security event tokens and nothing else.
 */
export const handler = openHandler(async ({ resource }) =>
  publicDocument(
    resource.endsWith('.json')
      ? await keys.jwks()
      : transmitterMetadata(env.ISSUER, env.DELIVERIES, env.STREAM_CONTROL),
  ),
);
