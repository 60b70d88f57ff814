import { mapAtMost } from '../../at-most.ts';
import type { Clock } from '../../ports.ts';
import type { SubjectStatuses, TokenIndex, TokenRecords } from '../../records/ports.ts';
import type { TokenRecord } from '../../records/token-record.ts';
import { dueAt, type OrderProgress, type OrderState, revocationBy, SETTLING, settledAt, WALKED } from './order.ts';
import { holdAgainstSubject } from './place-order.ts';
import type { RevocationOrders } from './ports.ts';
import { isRevocable, selectedPage } from './selected-page.ts';

export interface CarryOutOrderPorts {
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  index: TokenIndex;
  orders: RevocationOrders;
  clock: Clock;
}

/** How many records are revoked at the same time: enough to be quick, few enough not to throttle issuing. */
const AT_ONCE = 25;

/**
 * Revokes what an order selects, page by page, until it is completed, has to wait, or the deadline is reached. It resumes
 * where it, or an earlier call, ended. Two calls at the same time do no harm.
 *
 * An order is completed only when every token that it selects is revoked: none can still be on its way to the index,
 * because the index shows what is stored but not yet indexed, and the second walk begins when no token that was decided
 * before `revokedBefore` can be stored any more.
 *
 * @param deadline milliseconds since the epoch, after which no further page is begun
 * @returns how far it is ({@link dueAt}: when to continue); `undefined` when there is no such order
 */
export async function carryOutOrder(
  revocationId: string,
  deadline: number,
  ports: CarryOutOrderPorts,
): Promise<OrderState | undefined> {
  const { subjectStatuses, orders, clock } = ports;
  for (;;) {
    const order = await orders.get(revocationId);
    const due = order && dueAt(order);
    const now = clock.now();
    if (order === undefined || due === undefined || due > now || now >= deadline) return order;
    // One that was not to wait had this done before it was written down.
    if (order.position === undefined && order.from > order.orderedAt) await holdAgainstSubject(order, subjectStatuses);
    await orders.advance(revocationId, order.position, await nextStep(order, ports));
  }
}

/** Marks the positions of the second walk. */
const SECOND = 'second ';

/** Revokes the next page of what an order selects. @returns how far the order is then */
async function nextStep(order: OrderState, ports: CarryOutOrderPorts): Promise<OrderProgress> {
  const { clock } = ports;
  const { position } = order;
  // Before anything is read: the first walk finds every token that is stored by then.
  const began = order.began ?? clock.now();
  const second = position === WALKED || position?.startsWith(SECOND) === true;

  const page = {
    // What was stored before the first walk was found by it.
    since: second ? began - SETTLING : 0,
    position: position?.startsWith(SECOND) ? position.slice(SECOND.length) : second ? undefined : position,
  };
  const { found, next } = await selectedPage(order, page, ports);
  const revoked = order.revoked + (await revokeAll(found, order, second, ports));

  if (next !== undefined) return { revoked, began, position: second ? `${SECOND}${next}` : next };
  const completed = second || began >= settledAt(order);
  return completed ? { revoked, began, completedAt: clock.now() } : { revoked, began, position: WALKED };
}

/** @returns how many tokens this walk of the order has revoked, now or in an earlier attempt at the same page */
async function revokeAll(
  found: TokenRecord[],
  order: OrderState,
  second: boolean,
  { records, clock }: Pick<CarryOutOrderPorts, 'records' | 'clock'>,
): Promise<number> {
  const stand = await mapAtMost(AT_ONCE, found, async (record) => {
    if (record.status === 'revoked') return record;
    const now = clock.now();
    if (!isRevocable(record, now)) return undefined;
    return records.revoke(record.tokenId, { ...revocationBy(order, now), ...(second && { revokedLate: true }) });
  });
  const { revocationId } = order;
  return stand.filter((one) => one?.revocationId === revocationId && (one.revokedLate ?? false) === second).length;
}
