import { KMSClient } from '@aws-sdk/client-kms';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { openHandler } from '../middleware/open-handler.ts';
import { publicDocument } from '../runtime/answers.ts';
import { readEnv } from '../runtime/read-env.ts';
import { serveAuditKeysEnv } from './env.ts';

const env = readEnv(serveAuditKeysEnv);
const keys = kmsVerificationKeys(new KMSClient(clientSettings), [env.AUDIT_KEY_ARN]);

/**
 * `GET /.well-known/audit-keys.json`, open to all: the key that signs the digests of the archive, which signs nothing
 * else. Not among the keys of tokens: there it would verify tokens too.
 */
export const handler = openHandler(async () => publicDocument(await keys.jwks()));
