import { limits } from '../../contract/limits.ts';
import { mapAtMost } from '../at-most.ts';
import type { RevocationOrders, TokenIndex } from '../oversight-ports.ts';
import type { Clock, SubjectStandings, TokenRecords } from '../ports.ts';
import type { TokenRecord } from '../token-record.ts';
import { selects } from '../token-selector.ts';
import { dueAt, type OrderProgress, type OrderState, picksOf, placesOf, revocationBy, WALKED } from './order.ts';
import { holdAgainstSubject } from './place-order.ts';

export interface CarryOutOrderPorts {
  records: TokenRecords;
  standings: SubjectStandings;
  index: TokenIndex;
  orders: RevocationOrders;
  clock: Clock;
}

/** How many tokens are looked at before it is noted how far an order is. */
const PAGE = 100;

/** How many records are revoked at the same time: enough to be quick, few enough not to throttle issuing. */
const AT_ONCE = 25;

/**
 * Takes back what an order selects, page by page, until all is done, or it is to wait, or the time is over. It goes on
 * where it, or an earlier call, ended. Two calls at the same time do no harm.
 *
 * @param deadline milliseconds since the epoch, after which no further page is begun
 * @returns how far it is, {@link dueAt} tells when to go on; `undefined` when there is no such order
 */
export async function carryOutOrder(
  revocationId: string,
  deadline: number,
  ports: CarryOutOrderPorts,
): Promise<OrderState | undefined> {
  const { standings, orders, clock } = ports;
  for (;;) {
    const order = await orders.get(revocationId);
    const due = order && dueAt(order);
    const now = clock.now();
    if (order === undefined || due === undefined || due > now || now >= deadline) return order;
    // One that was not to wait had this done before it was written down.
    if (order.position === undefined && order.from > order.orderedAt) await holdAgainstSubject(order, standings);
    await orders.advance(revocationId, order.position, await nextStep(order, ports));
  }
}

/** Does the next page of an order, or notes that it is completed. @returns how far it is then */
async function nextStep(order: OrderState, ports: CarryOutOrderPorts): Promise<OrderProgress> {
  const { index, orders, records, clock } = ports;
  const { revocationId, revoked, position, revokedBefore, from } = order;
  if (position === WALKED) return { revoked, late: await orders.late(revocationId), completedAt: clock.now() };

  const picks = picksOf(order);
  const page = {
    kinds: ['issued'] as const,
    at: placesOf(order),
    // What is older has ended.
    since: Math.min(from - limits.lifetime * 1000, revokedBefore),
    until: revokedBefore,
    position,
    limit: PAGE,
  };
  const { tokenIds, next } =
    picks.tokenId === undefined ? await index.page(page) : { tokenIds: [picks.tokenId], next: undefined };
  const found = (await records.getMany(tokenIds)).filter((record) => selects(picks, record));
  return { revoked: revoked + (await revokeAll(found, order, ports)), position: next ?? WALKED };
}

/** @returns how many are revoked by this order's walk, now or by an earlier attempt at the same page */
async function revokeAll(
  found: TokenRecord[],
  order: OrderState,
  { records, clock }: Pick<CarryOutOrderPorts, 'records' | 'clock'>,
): Promise<number> {
  const stand = await mapAtMost(AT_ONCE, found, async (record) => {
    if (record.status === 'revoked') return record;
    const now = clock.now();
    if (record.status !== 'issued' || record.expiresAt <= now) return undefined;
    return records.revoke(record.tokenId, revocationBy(order, now));
  });
  return stand.filter((stands) => stands?.revocationId === order.revocationId && !stands.revokedLate).length;
}
