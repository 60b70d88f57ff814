import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { revocationRequest } from '../../contract/revocation.ts';
import { revokeTokens } from '../../core/revoke-tokens.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectWatermarks } from '../adapters/dynamo-subject-watermarks.ts';
import { dynamoTokenRecords } from '../adapters/dynamo-token-records.ts';
import { answer, refuse } from '../answers.ts';
import { authenticated, readParameters } from '../api-request.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { logger, metrics } from '../observability.ts';
import { readEnv } from '../read-env.ts';
import { revokeTokensEnv } from './env.ts';

const env = readEnv(revokeTokensEnv);
const dynamo = new DynamoDBClient(clientSettings);
const ports = {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  watermarks: dynamoSubjectWatermarks(dynamo, env.TABLE_NAME),
  clock: Date,
};

/** `POST /revocations`: an operator, authenticated by SigV4, takes back any token, or all tokens of a subject. */
export const handler = apiHandler(async (event) => {
  const { userArn, requestId } = authenticated(event);
  const request = readParameters(revocationRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

  const { token_id: tokenId, subject, reason } = request.value;
  const revoked = await revokeTokens({ tokenId, subject, reason, by: userArn }, ports);
  logger.info('tokens revoked', { apiRequestId: requestId, by: userArn, tokenId, subject, revoked });
  metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
  return answer({ revoked });
});
