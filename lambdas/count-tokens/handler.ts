import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoOpenTokens } from '../adapters/dynamo/open-tokens.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { countTokensEnv } from './env.ts';

const env = readEnv(countTokensEnv);
const tokens = dynamoOpenTokens(new DynamoDBClient(clientSettings), env.TABLE_NAME, env.MAX_LIFETIME);

/** Runs every five minutes. Counts the tokens that are neither revoked nor expired, for the dashboard. */
export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async () => {
    let active = 0;
    for await (const some of tokens.at(Date.now())) active += some.length;
    metrics.addMetric('ActiveTokens', MetricUnit.Count, active);
  });
