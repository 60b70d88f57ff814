import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { decisionQueue } from '#lambdas/index-tokens/decision-queue.ts';
import { asking, from, inMemoryService, rules } from '../../fakes/in-memory-service.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'index-tokens', awsRequestId: 'r' } as Context;

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
let printed: () => string;
beforeEach(async () => {
  tvm = await inMemoryService();
  printed = catchPrinted();
  for (const reason of ['one', 'two']) await issueToken(asking({ reason }), from, rules, tvm);
});
afterEach(() => vi.restoreAllMocks());

/** A batch in Lambda's format, with one event of the bus in each message. */
function deliver(...details: unknown[]) {
  const Records = details.map((detail, at) => ({
    messageId: `message-${at}`,
    body: JSON.stringify({ 'detail-type': 'Token Issued', source: 'tvm', detail }),
    receiptHandle: `handle-${at}`,
    attributes: { SentTimestamp: '0', ApproximateReceiveCount: '1' },
  }));
  return decisionQueue(tvm)({ Records } as unknown as SQSEvent, context);
}

/** The ids of the tokens that are not indexed yet. */
const pending = () => [...tvm.records.pending];

it('indexes the tokens in the events, each once', async () => {
  const ids = [...tvm.records.states.keys()];
  const [one] = ids;
  const answer = await deliver(...ids.map((tokenId) => ({ tokenId })), { tokenId: one });
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(pending()).toEqual([]);
});

it('retries failed and malformed messages within seconds, without the others', async () => {
  const [one = '', other = ''] = tvm.records.states.keys();
  const { add } = tvm.index;
  tvm.index.add = (record) => (record.tokenId === one ? Promise.reject(new Error('throttled')) : add(record));
  const answer = await deliver({ tokenId: one }, { tokenId: other }, { tokenId: '../x' }, null, { tokenId: one });
  expect(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual([
    'message-0',
    'message-2',
    'message-3',
    'message-4',
  ]);
  expect(pending()).toEqual([one]);
  expect(tvm.retries.retried).toHaveLength(4);
  expect(tvm.retries.retried).toContainEqual({ receiptHandle: 'handle-0', seconds: 2 });
  expect(printed()).toContain('a token could not be indexed');
  expect(printed()).not.toContain('../x');
});

it('indexes tokens with few entries first, and stops in time', async () => {
  const [cheap = ''] = tvm.records.states.keys();
  const locations = Array.from({ length: 12 }, (_, nth) => `orders-db/${nth}/a/b/c/d/e/f/g/h/i/j/k/l/m/n`);
  const entry = { type: 'resource' as const, locations, actions: ['read' as const] };
  const dear: string[] = [];
  for (let nth = 0; nth < 60; nth++) {
    const outcome = await issueToken(asking({ authorization_details: [entry] }), from, rules, tvm);
    if (outcome.kind !== 'issued') throw new Error(outcome.kind);
    dear.push(outcome.tokenId);
  }
  const { add } = tvm.index;
  const began = tvm.clock.time;
  tvm.index.add = async (record) => {
    if (dear.includes(record.tokenId)) tvm.clock.time += 3_000;
    return add(record);
  };
  const answer = await deliver(...[...dear, cheap].map((tokenId) => ({ tokenId })));
  const again = answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier) ?? [];
  expect(again).not.toContain(`message-${dear.length}`);
  expect(pending()).not.toContain(cheap);
  expect(again.length).toBeGreaterThan(0);
  expect(again.length).toBeLessThan(dear.length);
  // Records in progress at the deadline are completed.
  expect(tvm.clock.time - began).toBeLessThanOrEqual(10_000 + 10 * 3_000);
});
