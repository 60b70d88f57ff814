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
 * `GET /.well-known/…`, public: the public keys and the server metadata (RFC 8414, OpenID Connect Discovery). Shared
 * caches may store the responses, which are the same for all callers.
 */
export const handler = openHandler(async ({ resource }) => {
  if (resource.endsWith('/oauth-authorization-server')) return publicDocument(serverMetadata(env.ISSUER));
  const jwks = await keys.jwks();
  return publicDocument(resource.endsWith('/jwks.json') ? jwks : openIdMetadata(env.ISSUER, jwks));
});
