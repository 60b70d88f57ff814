import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { readEnv } from '../runtime/read-env.ts';
import { decisionPorts, lifetimeRules } from '../shared/decision-ports.ts';
import { explainTokenEnv } from './env.ts';
import { explainEndpoint } from './explain-endpoint.ts';

const env = readEnv(explainTokenEnv);
const dynamo = new DynamoDBClient(clientSettings);

/**
 * `POST /explain` and `POST /explain/any`, wired to this deployment with the same policies and ports as issue-token.
 */
export const handler = explainEndpoint(lifetimeRules(env), {
  ...(await decisionPorts(import.meta.url, dynamo, env)),
  subjectStatuses: dynamoSubjectStatuses(dynamo, env.TABLE_NAME),
  clock: Date,
});
