import { limits } from '@tvm/contract/limits.ts';
import type { TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { IssuedRecord, TokenRecord } from '../../records/token-record.ts';
import { selects, whereToLook } from '../../records/token-selector.ts';
import { picksOf, type RevocationOrder } from './order.ts';

/** How many records are read at a time. */
const PAGE = 100;

/**
 * Reads a page of the records that an order selects, newest first.
 *
 * @param from.position where the page before ended
 * @param from.since the earliest decision (milliseconds); of older tokens, none is active
 * @returns `next`, a position, if there may be more
 */
export async function selectedPage(
  order: RevocationOrder,
  { position, since = 0 }: { position?: string | undefined; since?: number },
  { index, records }: { index: TokenIndex; records: TokenRecords },
): Promise<{ found: TokenRecord[]; next?: string }> {
  const { revokedBefore, from } = order;
  const picks = picksOf(order);
  const page = {
    kinds: ['issued'] as const,
    at: whereToLook(picks),
    // What is older has expired.
    since: Math.max(Math.min(from - limits.lifetime * 1000, revokedBefore), since),
    until: revokedBefore,
    position,
    limit: PAGE,
  };
  const { tokenIds, next } =
    picks.tokenId === undefined ? await index.page(page) : { tokenIds: [picks.tokenId], next: undefined };
  const found = (await records.getMany(tokenIds)).filter((record) => selects(picks, record));
  return { found, ...(next !== undefined && { next }) };
}

/** Whether a record is that of a token that can be revoked. @param now milliseconds since the epoch */
export function isRevocable(record: TokenRecord, now: number): record is IssuedRecord {
  return record.status === 'issued' && record.expiresAt > now;
}
