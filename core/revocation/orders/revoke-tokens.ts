import { DependencyFault } from '../../ports.ts';
import { type CarryOutOrderPorts, carryOutOrder } from './carry-out-order.ts';
import { type Asking, dueAt, type OrderState, SETTLING } from './order.ts';
import { type PlaceOrderPorts, placeOrder } from './place-order.ts';
import type { Continuations } from './ports.ts';

export interface RevokeTokensPorts extends PlaceOrderPorts, CarryOutOrderPorts {
  continuations: Continuations;
}

/** What a revocation did so far. */
export interface Revoked {
  /** Absent for one token, which is taken back or not, at once. */
  revocationId?: string;
  done: boolean;
  revoked: number;
  /** Until when the subject gets no token (milliseconds). */
  blockedUntil?: number;
}

/** How long a caller waits while an order is carried out, in milliseconds: long enough for most to complete. */
const WHILE_WAITING = SETTLING + 2_000;

/** When the queue continues the order, in seconds: the caller has its answer by then. */
const AFTERWARDS = WHILE_WAITING / 1000 + 1;

/**
 * Takes tokens back for a caller that waits: as far as it comes in a few seconds. The rest goes on by itself, also if this
 * call ends in the middle.
 *
 * @param rules.blockFor how long a subject that is revoked gets no new token, in seconds, where that is not said
 */
export async function revokeTokens(
  asking: Asking,
  rules: { blockFor: number },
  ports: RevokeTokensPorts,
): Promise<Revoked> {
  const { revocationId, selector } = asking;
  const until = ports.clock.now() + WHILE_WAITING;
  if (selector.tokenId === undefined) await ports.continuations.goOnWith(revocationId, AFTERWARDS);
  const placed = await placeOrder(asking, rules, ports);
  if (placed.kind === 'one_token') return { done: true, revoked: placed.revoked };
  const blocked = placed.blockedUntil === undefined ? {} : { blockedUntil: placed.blockedUntil };
  try {
    const order = (await carryOutOrder(revocationId, until, ports)) ?? placed.order;
    return { ...progressOf(order), ...blocked };
  } catch (fault) {
    // It is ordered, and gone on with: what fails for good becomes a dead letter there.
    if (!(fault instanceof DependencyFault)) throw fault;
    return { revocationId, done: false, revoked: placed.order.revoked, ...blocked };
  }
}

/** How far an order is. */
export function progressOf(order: OrderState): Revoked {
  const { revocationId, revoked } = order;
  return { revocationId, done: dueAt(order) === undefined, revoked };
}

/**
 * Carries out orders for some time, and has those gone on with that are not done then.
 *
 * @param deadline milliseconds since the epoch, after which no further page is begun
 * @returns those that there are, as far as they are
 */
export async function goOnWithOrders(
  revocationIds: readonly string[],
  deadline: number,
  ports: RevokeTokensPorts,
): Promise<OrderState[]> {
  const orders: OrderState[] = [];
  for (const revocationId of revocationIds) {
    const order = await carryOutOrder(revocationId, deadline, ports);
    const due = order && dueAt(order);
    if (order !== undefined) orders.push(order);
    if (due !== undefined) await ports.continuations.goOnWith(revocationId, (due - ports.clock.now()) / 1000);
  }
  return orders;
}
