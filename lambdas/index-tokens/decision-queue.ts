import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { tokenId } from '../../contract/text.ts';
import { type IndexTokensPorts, indexTokens } from '../../core/index-tokens.ts';
import { queueHandler } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../observability.ts';

/** The event only says which token: all else is read from its record. */
const decided = z.object({ tokenId });

/** How long one call begins others, in milliseconds: with those under way, well within the function's time-out. */
const WORKING = 40_000;

/**
 * `Token Issued` and `Token Denied`: makes the record be found, and takes the token back where an order selects it that
 * was carried out before. What fails is delivered again by itself.
 */
export function decisionQueue(ports: IndexTokensPorts) {
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

    const revoked = indexed.reduce((sum, one) => sum + (one.done ? one.revoked : 0), 0);
    metrics.addMetric('TokensIndexed', MetricUnit.Count, indexed.length - left.size);
    if (revoked > 0) metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
    return [...malformed, ...messages.filter(({ tokenId }) => left.has(tokenId)).map(({ messageId }) => messageId)];
  });
}
