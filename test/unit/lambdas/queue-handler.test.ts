import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { queueHandler } from '#lambdas/middleware/queue-handler.ts';
import { inMemoryRetries } from '../../fakes/in-memory-records.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'a-function', awsRequestId: 'r' } as Context;
let printed: () => string;
beforeEach(() => {
  printed = catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** A batch in Lambda's format. Each message is given as the number of times it was received. */
const batch = (...received: number[]) =>
  ({
    Records: received.map((times, index) => ({
      messageId: `m-${index}`,
      receiptHandle: `handle-${index}`,
      body: '{}',
      eventSourceARN: 'arn:aws:sqs:eu-central-1:111122223333:a-queue',
      attributes: { SentTimestamp: '0', ApproximateReceiveCount: String(times) },
    })),
  }) as unknown as SQSEvent;

it('retries failed messages within seconds, with a delay that grows with each receive', async () => {
  const retries = inMemoryRetries();
  const handler = queueHandler(async () => ['m-0', 'm-1', 'm-3'], retries);
  expect(await handler(batch(1, 3, 1, 20), context)).toEqual({
    batchItemFailures: ['m-0', 'm-1', 'm-3'].map((itemIdentifier) => ({ itemIdentifier })),
  });
  expect(retries.retried).toEqual([
    { receiptHandle: 'handle-0', seconds: 2 },
    { receiptHandle: 'handle-1', seconds: 8 },
    { receiptHandle: 'handle-3', seconds: 120 },
  ]);
});

it('retries all messages if the handler throws, and rethrows', async () => {
  const retries = inMemoryRetries();
  const handler = queueHandler(async () => Promise.reject(new Error('down')), retries);
  await expect(handler(batch(1, 2), context)).rejects.toThrow('down');
  expect(retries.retried.map(({ seconds }) => seconds)).toEqual([2, 4]);
});

it('makes no call if no message failed', async () => {
  const retries = { after: () => Promise.reject(new Error('called')) };
  expect(await queueHandler(async () => [], retries)(batch(1), context)).toEqual({ batchItemFailures: [] });
  expect(printed()).toBe('');
});

it('leaves the messages to the visibility timeout if they cannot be retried early', async () => {
  const handler = queueHandler(async () => ['m-0'], { after: () => Promise.reject(new Error('denied')) });
  expect(await handler(batch(1), context)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-0' }] });
  expect(printed()).toContain('failed messages are not retried early');
});
