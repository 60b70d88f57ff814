import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { type ArchivedEvent, archiveBatch, isRecent } from '@tvm/core/audit/archive/archive-batch.ts';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { clientSettings } from '../adapters/aws-call.ts';
import { dynamoAdoptedObjects } from '../adapters/dynamo/adopted-objects.ts';
import { dynamoStoredItems } from '../adapters/dynamo/stored-items.ts';
import { archiveClient, s3ArchiveObjects } from '../adapters/s3/archive-objects.ts';
import { publishedMetrics } from '../middleware/published-metrics.ts';
import { logger, metrics } from '../runtime/observability.ts';
import { readEnv } from '../runtime/read-env.ts';
import { archivedEventOf, confirmedEvents, type StreamedEvent } from '../shared/audit-stream.ts';
import { archiveAuditEnv } from './env.ts';

const env = readEnv(archiveAuditEnv);
const dynamo = new DynamoDBClient(clientSettings);
const items = dynamoStoredItems(dynamo, env.TABLE_NAME);
const ports = {
  objects: s3ArchiveObjects(archiveClient(), env.ARCHIVE_BUCKET),
  adopted: dynamoAdoptedObjects(dynamo, env.TABLE_NAME),
};

/**
 * Archives the audit events of the table's stream. Each change that has an audit event, and that the table confirms,
 * becomes one line in the archive.
 *
 * After an error, Lambda delivers the batch again until it expires from the stream, and no later batch of the shard
 * comes before it. Each line is therefore archived once, in order for each token.
 */
export const handler = middy<DynamoDBStreamEvent, void>()
  .use(injectLambdaContext(logger))
  .use(publishedMetrics())
  .handler(async ({ Records }) => {
    const streamed = Records.flatMap((record): StreamedEvent<ArchivedEvent>[] => {
      const event = archivedEventOf(record);
      return event === undefined ? [] : [{ record, event }];
    });
    const now = Date.now();
    const events = await confirmedEvents(streamed, items, ({ at }) => isRecent(at, now));
    const { archived, known } = await archiveBatch(events, ports);
    const unreadable = events.filter(({ record }) => record.detailType === 'Record Unreadable').length;
    metrics.addMetric('AuditEventsArchived', MetricUnit.Count, archived);
    metrics.addMetric('AuditRecordsUnreadable', MetricUnit.Count, unreadable);
    if (unreadable > 0) logger.error('changes could not be read; the archive says so of each', { unreadable });
    if (known > 0) logger.info('events were delivered again that are in the archive', { known });
  });
