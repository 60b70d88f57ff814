import { KMSClient } from '@aws-sdk/client-kms';
import { openIdMetadata, serverMetadata } from '@tvm/core/keys/server-metadata.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { openHandler } from '../middleware/open-handler.ts';
import { publicDocument } from '../runtime/answers.ts';
import { readEnv } from '../runtime/read-env.ts';
import { serveDiscoveryEnv } from './env.ts';

const env = readEnv(serveDiscoveryEnv);
const keys = kmsVerificationKeys(new KMSClient(clientSettings), env.VERIFICATION_KEY_ARNS);

/**
 * `GET /.well-known/…`, open to all: the public keys, and where everything is (RFC 8414, OpenID Connect Discovery).
 * The same for everybody and for minutes, so whoever is on the way may keep it.
 */
export const handler = openHandler(async ({ resource }) => {
  if (resource.endsWith('/oauth-authorization-server')) return publicDocument(serverMetadata(env.ISSUER));
  const jwks = await keys.jwks();
  return publicDocument(resource.endsWith('/jwks.json') ? jwks : openIdMetadata(env.ISSUER, jwks));
});
