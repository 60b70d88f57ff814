import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { tokenId } from '@tvm/contract/text.ts';
import { type IndexTokensPorts, indexTokens } from '@tvm/core/records/index-tokens.ts';
import * as z from 'zod';
import { queueHandler, type Retries } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

/** The event only says which token: all else is read from its record. */
const decided = z.object({ tokenId });

/** How long one call begins to index further records, in milliseconds: the last ones end well within the function's timeout. */
const WORKING = 10_000;

/** `Token Issued` and `Token Denied`: indexes their records. A record that fails is retried by itself. */
export function decisionQueue(ports: IndexTokensPorts & { retries: Retries }) {
  return queueHandler(async (batch) => {
    const read = batch.map(({ messageId, event }) => ({ messageId, parsed: decided.safeParse(event.detail) }));
    const malformed = read.filter(({ parsed }) => !parsed.success).map(({ messageId }) => messageId);
    const messages = read.flatMap(({ messageId, parsed }) =>
      parsed.success ? { messageId, tokenId: parsed.data.tokenId } : [],
    );
    const tokenIds = [...new Set(messages.map(({ tokenId }) => tokenId))];
    const indexed = await indexTokens(tokenIds, ports, ports.clock.now() + WORKING);
    const left = new Map(indexed.flatMap((one) => (one.done ? [] : [[one.tokenId, one.why] as const])));
    for (const [tokenId, error] of left) logger.error('a token could not be indexed', { tokenId, error });
    if (malformed.length > 0) logger.error('an event names no token', { messages: malformed });

    metrics.addMetric('TokensIndexed', MetricUnit.Count, indexed.length - left.size);
    return [...malformed, ...messages.filter(({ tokenId }) => left.has(tokenId)).map(({ messageId }) => messageId)];
  }, ports.retries);
}
