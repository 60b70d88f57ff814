import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { ownRevocationRequest } from '@tvm/contract/revocation.ts';
import { parseCaller } from '@tvm/core/identity/caller.ts';
import { revokeOwnToken } from '@tvm/core/revocation/revoke-own-token.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { readEnv } from '../runtime/read-env.ts';
import { revocationPorts } from '../shared/revocation-ports.ts';
import { revokeOwnTokenEnv } from './env.ts';

const env = readEnv(revokeOwnTokenEnv);
const rules = { issuer: env.ISSUER };
const ports = {
  ...revocationPorts(new DynamoDBClient(clientSettings), env),
  keys: kmsVerificationKeys(new KMSClient(clientSettings), env.VERIFICATION_KEY_ARNS),
};

/** `POST /revoke` (RFC 7009): a workload, authenticated with SigV4, revokes one of its own tokens. */
export const handler = apiHandler(async (event) => {
  const { userArn, requestId } = authenticated(event);
  const request = readParameters(ownRevocationRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

  const subject = parseCaller(userArn)?.subject;
  const outcome = await revokeOwnToken(request.value, subject, randomUUID(), rules, ports);
  return outcome.kind === 'revoked' ? answer({}) : refuse(outcome, requestId);
});
