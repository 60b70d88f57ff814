import { readFileSync } from 'node:fs';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { introspectionRequest } from '@tvm/contract/introspection.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { countingSettings, dynamoIntrospections } from '../adapters/dynamo/introspections.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { introspectTokenEnv } from './env.ts';

const env = readEnv(introspectTokenEnv);
const dynamo = new DynamoDBClient(clientSettings);
const rules = {
  issuer: env.ISSUER,
  resourceServers: JSON.parse(readFileSync(new URL('resource-servers.json', import.meta.url), 'utf8')),
};
const ports = {
  keys: kmsVerificationKeys(new KMSClient(clientSettings), env.VERIFICATION_KEY_ARNS),
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
  introspections: dynamoIntrospections(new DynamoDBClient(countingSettings), env.TABLE_NAME),
  clock: Date,
  uncounted(error: unknown) {
    metrics.addMetric('IntrospectionsUncounted', MetricUnit.Count, 1);
    logger.warn('an introspection could not be counted', { error: error as Error });
  },
};

/** `POST /introspect` (RFC 7662): a resource server, authenticated with SigV4, checks whether a token is active. */
export const handler = apiHandler(async (event) => {
  const { userArn, requestId } = authenticated(event);
  const request = readParameters(introspectionRequest, event);
  if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);
  return answer(await introspectToken(request.value.token, userArn, rules, ports));
});
