import type { RevocationOrders } from '../oversight-ports.ts';
import type { Clock, TokenRecords } from '../ports.ts';
import type { TokenRecord } from '../token-record.ts';
import { indexEntries, selects } from '../token-selector.ts';
import { picksOf, revocationBy } from './order.ts';

export interface ObeyOrdersPorts {
  records: TokenRecords;
  orders: RevocationOrders;
  clock: Clock;
}

/** How much the clocks of two functions may differ, in milliseconds. */
const CLOCK_SKEW = 1_000;

/**
 * Takes back a newly indexed token where an order selects it whose walk over the index is past it, or is over.
 *
 * An order is written down before it looks at the index; this looks for orders after the token is in the index. So
 * whichever comes first, one of them sees the other.
 *
 * @param record in the index by now
 * @returns how many it took back
 */
export async function obeyOrders(record: TokenRecord, { orders, records, clock }: ObeyOrdersPorts): Promise<0 | 1> {
  const { tokenId } = record;
  if (record.status === 'revoked' && record.revokedLate && record.revocationId !== undefined) {
    // An earlier call took it back, and may have ended before it was counted.
    await orders.noteLate(record.revocationId, tokenId);
    return 1;
  }
  if (record.status !== 'issued' || record.expiresAt <= clock.now()) return 0;
  // No order looks at the others.
  const places = indexEntries(record).filter(({ dimension }) => dimension !== 'action' && dimension !== 'source');
  for (const order of await orders.atWorkOn(places)) {
    const now = clock.now();
    // One that is yet to begin finds the token in the index. What is so close to its beginning may have missed it.
    if (order.from - CLOCK_SKEW > now || !selects(picksOf(order), record)) continue;
    const stands = await records.revoke(tokenId, { ...revocationBy(order, now), revokedLate: true });
    if (stands?.revocationId !== order.revocationId || !stands.revokedLate) return 0;
    await orders.noteLate(order.revocationId, tokenId);
    return 1;
  }
  return 0;
}
