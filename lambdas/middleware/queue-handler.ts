import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logger } from '../runtime/observability.ts';
import { publishedMetrics } from './published-metrics.ts';

/** An event that EventBridge put on a queue. Its `detail` is unverified. */
export interface QueuedEvent {
  event: EventBridgeEvent<string, unknown>;
  /** When the event was put on the queue (milliseconds). Redeliveries have the same time. */
  sentAt: number;
  /** The id of the message, as {@link queueHandler} expects it from `handle`. */
  messageId: string;
}

/** Schedules the redelivery of messages. */
export interface Retries {
  /** @param messages receipt handles, each with the seconds until the message is delivered again */
  after(queueArn: string, messages: readonly { receiptHandle: string; seconds: number }[]): Promise<void>;
}

/** Maximum delay before a failed message is delivered again, in seconds. */
const LONGEST_DELAY = 120;

/**
 * Creates a Lambda handler for a queue of events. A failed message is retried after 2 seconds, then 4, 8 and so on.
 * After about half an hour it moves to the dead-letter queue (see `EventFlow.bring`). Without this, SQS would retry
 * only after the queue's visibility timeout, which is a multiple of the function's timeout.
 *
 * @param handle processes a batch and returns the ids of the messages that failed, or throws if all of them failed
 */
export function queueHandler(handle: (batch: QueuedEvent[]) => Promise<readonly string[]>, retries: Retries) {
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(publishedMetrics())
    .handler(async ({ Records }) => {
      const batch = Records.map(({ body, attributes, messageId }) => ({
        event: JSON.parse(body),
        sentAt: Number(attributes.SentTimestamp),
        messageId,
      }));
      let failed: readonly string[] = batch.map(({ messageId }) => messageId);
      try {
        failed = await handle(batch);
      } finally {
        await retrySoon(
          Records.filter(({ messageId }) => failed.includes(messageId)),
          retries,
        );
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    });
}

async function retrySoon(failed: readonly SQSRecord[], retries: Retries): Promise<void> {
  const [first] = failed;
  if (first === undefined) return;
  const messages = failed.map(({ receiptHandle, attributes }) => ({
    receiptHandle,
    seconds: Math.min(2 ** Number(attributes.ApproximateReceiveCount), LONGEST_DELAY),
  }));
  try {
    await retries.after(first.eventSourceARN, messages);
  } catch (error) {
    // The queue delivers the messages again after its visibility timeout.
    logger.warn('failed messages are not retried early', { messages: messages.length, error: error as Error });
  }
}
