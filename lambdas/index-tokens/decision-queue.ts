import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { tokenId } from '@tvm/contract/text.ts';
import { type IndexTokensPorts, indexTokens } from '@tvm/core/records/index-tokens.ts';
import * as z from 'zod';
import { queueHandler, type Retries } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

/** Only the token id is taken from the event. Everything else is read from the token's record. */
const decided = z.object({ tokenId });

/**
 * How long one invocation starts to index further records, in milliseconds. The last ones finish well before the
 * timeout.
 */
const WORKING = 10_000;

/** Indexes the records of `Token Issued` and `Token Denied` events. Only the records that failed are retried. */
export function decisionQueue(ports: IndexTokensPorts & { retries: Retries }) {
  return queueHandler(async (batch) => {
    const read = batch.map(({ messageId, event }) => ({ messageId, parsed: decided.safeParse(event.detail) }));
    const malformed = read.filter(({ parsed }) => !parsed.success).map(({ messageId }) => messageId);
    const messages = read.flatMap(({ messageId, parsed }) =>
      parsed.success ? { messageId, tokenId: parsed.data.tokenId } : [],
    );
    const tokenIds = [...new Set(messages.map(({ tokenId }) => tokenId))];
    const indexed = await indexTokens(tokenIds, ports, ports.clock.now() + WORKING);
    const failed = new Map(indexed.flatMap((one) => (one.done ? [] : [[one.tokenId, one.why] as const])));
    for (const [tokenId, error] of failed) logger.error('a token could not be indexed', { tokenId, error });
    if (malformed.length > 0) logger.error('an event has no token id', { messages: malformed });

    metrics.addMetric('TokensIndexed', MetricUnit.Count, indexed.length - failed.size);
    return [...malformed, ...messages.filter(({ tokenId }) => failed.has(tokenId)).map(({ messageId }) => messageId)];
  }, ports.retries);
}
