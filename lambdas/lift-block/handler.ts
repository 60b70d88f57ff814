import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectStatuses } from '../adapters/dynamo/subject-statuses.ts';
import { readEnv } from '../runtime/read-env.ts';
import { liftBlockEnv } from './env.ts';
import { liftEndpoint } from './lift-endpoint.ts';

const env = readEnv(liftBlockEnv);

/** `POST /blocks/lift`, wired to this deployment. */
export const handler = liftEndpoint({
  subjectStatuses: dynamoSubjectStatuses(new DynamoDBClient(clientSettings), env.TABLE_NAME),
  clock: Date,
});
