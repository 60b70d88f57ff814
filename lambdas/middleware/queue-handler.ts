import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { logger } from '../runtime/observability.ts';
import { publishedMetrics } from './published-metrics.ts';

/** An event that EventBridge put on a queue. Nothing in `detail` is verified yet. */
export interface QueuedEvent {
  event: EventBridgeEvent<string, unknown>;
  /** When it was put on the queue (milliseconds): the same when it is delivered again. */
  sentAt: number;
  /** Names the message, for {@link queueHandler}. */
  messageId: string;
}

/** Delivers messages of a queue again. */
export interface Retries {
  /** @param messages each with the seconds until it is delivered again */
  after(queueArn: string, messages: readonly { receiptHandle: string; seconds: number }[]): Promise<void>;
}

/** The longest time until a failed message is delivered again, in seconds. */
const LONGEST_DELAY = 120;

/**
 * A function behind a queue of events. A message that fails is retried after 2 seconds, then 4, 8 and so on, and moves to
 * the dead-letter queue after some half an hour (see EventFlow.bring). Left to itself, SQS would retry it only after the
 * queue's visibility timeout, which is a multiple of the function's timeout.
 *
 * @param handle processes a batch; it returns the ids of the messages that failed, or throws for all of them
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
    // They come back after the visibility timeout.
    logger.warn('failed messages are not retried early', { messages: messages.length, error: error as Error });
  }
}
