import { KMSClient } from '@aws-sdk/client-kms';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { serverMetadata } from '../../core/server-metadata.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsVerificationKeys } from '../adapters/kms-verification-keys.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { readEnv } from '../read-env.ts';
import { serveDiscoveryEnv } from './env.ts';

const env = readEnv(serveDiscoveryEnv);
const keys = kmsVerificationKeys(new KMSClient(clientSettings), env.VERIFICATION_KEY_ARNS);

/**
 * `GET /.well-known/…`, open to all: the public keys, and where everything is (RFC 8414, OpenID Connect Discovery).
 * The same for everybody and for minutes, so whoever is on the way may keep it.
 */
export const handler = apiHandler(async (event) => {
  const jwks = await keys.jwks();
  return publicly(event.resource.endsWith('/jwks.json') ? jwks : serverMetadata(env.ISSUER, jwks));
});

function publicly(body: object): APIGatewayProxyResult {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
    body: JSON.stringify(body),
  };
}
