import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { noticeDeployment } from '@tvm/core/audit/notice-deployment.ts';
import { sweepTokens } from '@tvm/core/records/sweep-tokens.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAuditFacts } from '../adapters/dynamo/audit-facts.ts';
import { dynamoDeployments } from '../adapters/dynamo/deployments.ts';
import { dynamoExpiringTokens } from '../adapters/dynamo/expiring-tokens.ts';
import { dynamoTokenRecords } from '../adapters/dynamo/token-records.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { sweepTokensEnv } from './env.ts';

/** Time reserved before the timeout in which no new work begins, in milliseconds. Longer than the slowest AWS calls. */
const RESERVE = 10_000;

const env = readEnv(sweepTokensEnv);
const dynamo = new DynamoDBClient(clientSettings);
const deployment = { policyBundle: env.POLICY_BUNDLE, keyArns: env.KEY_ARNS };
const ports = {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  expiring: dynamoExpiringTokens(dynamo, env.TABLE_NAME),
  deployments: dynamoDeployments(dynamo, env.TABLE_NAME),
  facts: dynamoAuditFacts(dynamo, env.TABLE_NAME, env.RECORD_RETENTION),
  clock: Date,
};

/**
 * Runs every minute. Marks expired tokens, which the stream turns into `Token Expired` events, and records new
 * deployments for the audit. After a failure, the next run continues where this one stopped.
 */
export const handler = middy<unknown, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async (_, context) => {
    const changes = await noticeDeployment(deployment, ports);
    if (changes.length > 0) logger.info('new deployment detected', { changes });
    const { expired, lag } = await sweepTokens(Date.now() + context.getRemainingTimeInMillis() - RESERVE, ports);
    metrics.addMetric('TokensExpired', MetricUnit.Count, expired);
    metrics.addMetric('SweepLag', MetricUnit.Seconds, lag / 1000);
  });
