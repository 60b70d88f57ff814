import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import type { TokenResponse } from '@tvm/contract/token.ts';
import type { IssuingRules } from '@tvm/core/issuing/decision-record.ts';
import type { IssueTokenOutcome, IssueTokenPorts } from '@tvm/core/issuing/issue-token.ts';
import { recentSubjects } from '@tvm/core/issuing/recent-subjects.ts';
import type * as z from 'zod';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoStatusIndexes } from '../adapters/dynamo/status-indexes.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { decisionPorts, lifetimeRules } from './decision-ports.ts';
import type { issuingEnv } from './issuing-env.ts';

/**
 * Connects a function that issues tokens to its deployment: its rules, its policies, KMS and DynamoDB.
 *
 * @param code the handler's own URL, `import.meta.url`
 * @throws if a policy file cannot be loaded; the function must not serve requests then
 */
export async function issuingPorts(
  code: string,
  env: z.infer<typeof issuingEnv>,
): Promise<{ rules: IssuingRules; ports: IssueTokenPorts }> {
  const dynamo = new DynamoDBClient(clientSettings);
  const signer = kmsSigner(new KMSClient(clientSettings), env.SIGNING_KEY_ARN);
  const statusIndexes = dynamoStatusIndexes(dynamo, env.STATUS_LIST_TABLE, env.STATUS_LIST_SIZE, Date);
  // Reads the signing key's id and leases status list indexes while the policies load. If either fails, the first request
  // tries again.
  const prepared = Promise.allSettled([signer.key(), statusIndexes.ready()]);
  const ports = {
    ...(await decisionPorts(code, dynamo, env)),
    signer,
    records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
    subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
    statusIndexes,
    restricted: recentSubjects(Date),
    clock: Date,
    ids: { next: randomUUID },
  };
  await prepared;
  return { rules: { ...lifetimeRules(env), issuer: env.ISSUER, recordRetention: env.RECORD_RETENTION }, ports };
}

/** Returns the response with a token. */
export function tokenResponseOf(issued: Extract<IssueTokenOutcome, { kind: 'issued' }>): TokenResponse {
  return {
    access_token: issued.token,
    token_type: 'Bearer',
    expires_in: issued.lifetime,
    authorization_details: issued.authorizationDetails,
    ...(issued.scope !== undefined && { scope: issued.scope }),
    ...(issued.obligations && { obligations: issued.obligations }),
    token_id: issued.tokenId,
  };
}
