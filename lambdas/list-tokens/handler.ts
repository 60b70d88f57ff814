import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoOpenTokens } from '../adapters/dynamo/open-tokens.ts';
import { dynamoTokenIndex } from '../adapters/dynamo/token-index.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { dynamoTokenTraces } from '../adapters/dynamo/token-traces.ts';
import { kmsMac } from '../adapters/kms/mac.ts';
import { readEnv } from '../runtime/read-env.ts';
import { listTokensEnv } from './env.ts';
import { tokensEndpoint } from './tokens-endpoint.ts';

const env = readEnv(listTokensEnv);
const dynamo = new DynamoDBClient(clientSettings);

/** `GET /tokens`, `GET /tokens/{id}` and `GET /tokens/summary`, wired to this deployment. */
export const handler = tokensEndpoint(env.ISSUER, {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  index: dynamoTokenIndex(dynamo, env.TABLE_NAME),
  traces: dynamoTokenTraces(dynamo, env.TABLE_NAME),
  tokens: dynamoOpenTokens(dynamo, env.TABLE_NAME, env.MAX_LIFETIME),
  mac: kmsMac(new KMSClient(clientSettings), env.CURSOR_KEY_ARN),
  clock: Date,
});
