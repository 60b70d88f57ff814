import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { EventBridgeEvent } from 'aws-lambda';
import { revocationRequested } from '../../contract/events.ts';
import { revokeTokens } from '../../core/revoke-tokens.ts';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoSubjectWatermarks } from '../adapters/dynamo-subject-watermarks.ts';
import { dynamoTokenRecords } from '../adapters/dynamo-token-records.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../observability.ts';
import { readEnv } from '../read-env.ts';
import { revokeTokensByEventEnv } from './env.ts';

const env = readEnv(revokeTokensByEventEnv);
const dynamo = new DynamoDBClient(clientSettings);
const ports = {
  records: dynamoTokenRecords(dynamo, env.TABLE_NAME),
  watermarks: dynamoSubjectWatermarks(dynamo, env.TABLE_NAME),
  clock: Date,
};

/**
 * `Revocation Requested` on the bus, from a source that the configuration names: takes back a token, or all tokens of
 * a subject.
 *
 * An event that cannot be carried out throws: Lambda tries again, then keeps it whole on the dead-letter queue.
 */
export const handler = middy<EventBridgeEvent<string, unknown>, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async (event) => {
    const detail = revocationRequested.safeParse(event.detail);
    if (!detail.success) {
      const [issue] = detail.error.issues;
      throw new Error(`event ${event.id} from ${event.source}: detail.${issue?.path.join('.')} ${issue?.message}`);
    }
    const { tokenId, subject, reason } = detail.data;
    const revoked = await revokeTokens({ tokenId, subject, reason, by: event.source }, ports);
    metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
    logger.info('revocation requested', { eventId: event.id, source: event.source, revoked });
  });
