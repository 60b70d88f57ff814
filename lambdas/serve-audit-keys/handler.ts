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
 * `GET /.well-known/audit-keys.json`, public: the key that signs the digests of the archive, and nothing else. It is
 * not in the JWKS of the tokens, where it would also verify tokens.
 */
export const handler = openHandler(async () => publicDocument(await keys.jwks()));
