import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { logger } from '../observability.ts';
import { publishedMetrics } from './published-metrics.ts';

/** An event that EventBridge put on a queue. Nothing in `detail` is verified yet. */
export interface QueuedEvent {
  event: EventBridgeEvent<string, unknown>;
  /** When it was put on the queue (milliseconds): the same when it is delivered again. */
  sentAt: number;
  /** Names the message, for {@link queueHandler}. */
  messageId: string;
}

/**
 * A function behind a queue of events. What it does not deal with is delivered again, and after some times kept on the
 * dead-letter queue.
 *
 * @param handle deals with a batch; it gives the message ids of those to be delivered again, or throws for all of them
 */
export function queueHandler(handle: (batch: QueuedEvent[]) => Promise<readonly string[]>) {
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(publishedMetrics())
    .handler(async ({ Records }) => {
      const batch = Records.map(({ body, attributes, messageId }) => ({
        event: JSON.parse(body),
        sentAt: Number(attributes.SentTimestamp),
        messageId,
      }));
      const failed = await handle(batch);
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    });
}
