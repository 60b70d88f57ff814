import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { type TokenResponse, tokenRequest } from '../../contract/token.ts';
import { issueToken } from '../../core/issue-token.ts';
import { policyDecisionPoint } from '../../core/policy-decision-point.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectWatermarks } from '../adapters/dynamo-subject-watermarks.ts';
import { dynamoTokenRecords } from '../adapters/dynamo-token-records.ts';
import { kmsSigner } from '../adapters/kms-signer.ts';
import { answer, refuse } from '../answers.ts';
import { authenticated, readParameters } from '../api-request.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { logger, metrics } from '../observability.ts';
import { readEnv } from '../read-env.ts';
import { issueTokenEnv } from './env.ts';

const env = readEnv(issueTokenEnv);
const dynamo = new DynamoDBClient(clientSettings);
const rules = {
  issuer: env.ISSUER,
  defaultLifetime: env.DEFAULT_LIFETIME,
  maxLifetime: env.MAX_LIFETIME,
  recordRetention: env.RECORD_RETENTION,
};
const ports = {
  decide: policyDecisionPoint(JSON.parse(readFileSync(new URL('policy-bundle.json', import.meta.url), 'utf8'))),
  signer: kmsSigner(new KMSClient(clientSettings), env.SIGNING_KEY_ARN),
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  watermarks: dynamoSubjectWatermarks(dynamo, env.TABLE_NAME),
  clock: Date,
  ids: { next: randomUUID },
};

/**
 * `POST /token`: a workload, authenticated by SigV4, asks for a token.
 *
 * Reads the request, has the core decide and vend, and answers. What the core does not allow is an OAuth error.
 */
export const handler = apiHandler(async (event) => {
  const asking = authenticated(event);
  const request = readParameters(tokenRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, asking.requestId);

  const outcome = await issueToken(request.value, asking, rules, ports);
  logger.info('token requested', { apiRequestId: asking.requestId, outcome: outcome.kind });
  if (outcome.kind !== 'issued') {
    if (outcome.kind === 'denied') metrics.addMetric('TokensDenied', MetricUnit.Count, 1);
    return refuse(outcome, asking.requestId);
  }
  metrics.addMetric('TokensIssued', MetricUnit.Count, 1);
  return answer({
    access_token: outcome.token,
    token_type: 'Bearer',
    expires_in: outcome.lifetime,
    authorization_details: outcome.authorizationDetails,
    token_id: outcome.tokenId,
  } satisfies TokenResponse);
});
