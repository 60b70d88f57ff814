import { limits } from '@tvm/contract/limits.ts';
import type { TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { IssuedRecord, TokenRecord } from '../../records/token-record.ts';
import { selects, whereToLook } from '../../records/token-selector.ts';
import { type RevocationRequest, tokenSelectorOf } from './revocation-request.ts';

/** The number of records in a page. */
const PAGE = 100;

/**
 * Reads a page of the records that a revocation request selects, newest first.
 *
 * @param from.position the end of the previous page
 * @param from.since the earliest time of a decision (milliseconds); tokens that were decided earlier are not read
 * @returns the records, and `next`, the position of the next page, if there may be more
 */
export async function selectedPage(
  order: RevocationRequest,
  { position, since = 0 }: { position?: string | undefined; since?: number },
  { index, records }: { index: TokenIndex; records: TokenRecords },
): Promise<{ found: TokenRecord[]; next?: string }> {
  const { revokedBefore, from } = order;
  const selector = tokenSelectorOf(order);
  const page = {
    kinds: ['issued'] as const,
    at: whereToLook(selector),
    // Older tokens have expired.
    since: Math.max(Math.min(from - limits.lifetime * 1000, revokedBefore), since),
    until: revokedBefore,
    position,
    limit: PAGE,
  };
  const { tokenIds, next } =
    selector.tokenId === undefined ? await index.page(page) : { tokenIds: [selector.tokenId], next: undefined };
  const found = (await records.getMany(tokenIds)).filter((record) => selects(selector, record));
  return { found, ...(next !== undefined && { next }) };
}

/** Reports whether the token of a record is active and can be revoked. @param now milliseconds since the epoch */
export function isRevocable(record: TokenRecord, now: number): record is IssuedRecord {
  return record.status === 'issued' && record.expiresAt > now;
}
