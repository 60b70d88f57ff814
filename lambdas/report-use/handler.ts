import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { useReport } from '@tvm/contract/token-use.ts';
import { reportUse } from '@tvm/core/verification/report-use.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAuditFacts } from '../adapters/dynamo/audit-facts.ts';
import { kmsVerificationKeys } from '../adapters/kms/verification-keys.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { readEnv } from '../runtime/read-env.ts';
import { reportUseEnv } from './env.ts';

const env = readEnv(reportUseEnv);
const rules = {
  issuer: env.ISSUER,
  resourceServers: JSON.parse(readFileSync(new URL('resource-servers.json', import.meta.url), 'utf8')),
};
const ports = {
  keys: kmsVerificationKeys(new KMSClient(clientSettings), env.VERIFICATION_KEY_ARNS),
  facts: dynamoAuditFacts(new DynamoDBClient(clientSettings), env.TABLE_NAME, env.RECORD_RETENTION),
  clock: Date,
};

/** `POST /uses`: a resource server, authenticated with SigV4, reports the use of a token. */
export const handler = apiHandler(async (event) => {
  const caller = authenticated(event);
  const report = readParameters(useReport, event);
  if (!report.ok) return refuse({ kind: 'bad_request', bad: report.bad }, caller.requestId);

  const outcome = await reportUse(report.value, caller, rules, ports);
  return outcome.kind === 'reported' ? answer({}) : refuse(outcome, caller.requestId);
});
