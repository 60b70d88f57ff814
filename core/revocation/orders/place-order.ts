import { somethingPicked } from '@tvm/contract/selector.ts';
import type { Clock } from '../../ports.ts';
import type { AuditFacts, SubjectStatuses, TokenRecords } from '../../records/ports.ts';
import { selects } from '../../records/token-selector.ts';
import {
  type Asking,
  type OrderState,
  orderAsked,
  picksOf,
  type RevocationOrder,
  revocationBy,
  wholeSubject,
} from './order.ts';
import type { RevocationOrders } from './ports.ts';

export interface PlaceOrderPorts {
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  orders: RevocationOrders;
  facts: AuditFacts;
  clock: Clock;
}

/** What came of a revocation: at once for one token, else an order that is to be carried out. */
export type Placed =
  | { kind: 'one_token'; revoked: 0 | 1 }
  | { kind: 'order'; order: OrderState; blockedUntil: number | undefined };

/**
 * Orders that tokens be taken back. One token is taken back at once. A subject is revoked at once, too, by its standing,
 * which issuing and introspection read; its records follow as the order is carried out.
 *
 * A subject that is blocked loses what it is vended until the block holds, also after it was asked for: whoever asks all the
 * time would have a token left otherwise.
 *
 * Asked again by the same id, it changes nothing: a block that was lifted meanwhile stays lifted.
 *
 * @param rules.blockFor how long a subject that is revoked gets no new token, in seconds, where that is not said
 * @throws where nothing is picked out: whoever asks is to refuse that, and nothing here takes it for everything
 */
export async function placeOrder(asking: Asking, rules: { blockFor: number }, ports: PlaceOrderPorts): Promise<Placed> {
  const { subjectStatuses, orders, clock } = ports;
  const { revocationId, selector, after = 0 } = asking;
  somethingPicked(selector, ({ message }) => {
    throw new Error(`a revocation is to pick something out: all ${message}`);
  });
  const wanted = orderAsked(asking, rules);
  if (selector.tokenId !== undefined && after === 0) {
    return { kind: 'one_token', revoked: await revokeOne(selector.tokenId, wanted, ports) };
  }

  const known = await orders.get(revocationId);
  if (known !== undefined) return { kind: 'order', order: known, blockedUntil: undefined };
  if (after > 0) return { kind: 'order', order: await orders.place(wanted), blockedUntil: undefined };
  const blockedUntil = await holdAgainstSubject(wanted, subjectStatuses);
  const revokedBefore =
    wanted.blockFor !== undefined ? await untilItWasBlocked(wanted, { subjectStatuses, clock }) : wanted.revokedBefore;
  return { kind: 'order', order: await orders.place({ ...wanted, revokedBefore }), blockedUntil };
}

/**
 * Revokes a token if it is as the order says. A token that was not active leaves no `Token Revoked`, so the audit is told
 * that the revocation found nothing.
 *
 * @returns whether this order revoked it, now or before
 */
async function revokeOne(
  tokenId: string,
  order: RevocationOrder,
  { records, facts, clock }: Pick<PlaceOrderPorts, 'records' | 'facts' | 'clock'>,
): Promise<0 | 1> {
  const { revocationId, selector, by, reason } = order;
  const record = await records.get(tokenId);
  const now = clock.now();
  const isMeant = record !== undefined && selects(picksOf(order), record);
  const stands = isMeant ? await records.revoke(tokenId, revocationBy(order, now)) : undefined;
  if (stands?.revocationId === revocationId) return 1;
  const time = new Date(now).toISOString();
  await facts.put(`completed-${revocationId}`, {
    detailType: 'Revocation Completed',
    detail: { time, revocationId, revoked: 0, selector, by, ...(reason && { reason }) },
  });
  return 0;
}

/**
 * Holds against the subject that an order revokes, if it revokes a whole one, what issuing and introspection obey at once.
 * Doing it again changes nothing.
 *
 * @returns until when it gets no new token (milliseconds), if that is so
 */
export async function holdAgainstSubject(
  { selector, revokedBefore, blockFor, from, by, reason }: RevocationOrder,
  subjectStatuses: SubjectStatuses,
): Promise<number | undefined> {
  const subject = wholeSubject(selector);
  if (subject === undefined) return undefined;
  await subjectStatuses.raise(subject, revokedBefore);
  if (blockFor === undefined) return undefined;
  return subjectStatuses.block(subject, { until: from + blockFor * 1000, at: from, by, ...(reason && { reason }) });
}

/**
 * Revokes what a blocked subject was vended until its block held, too.
 *
 * @returns up to when its tokens are revoked (milliseconds)
 */
async function untilItWasBlocked(
  { selector: { subject }, revokedBefore, blockFor = 0, from }: RevocationOrder,
  { subjectStatuses, clock }: Pick<PlaceOrderPorts, 'subjectStatuses' | 'clock'>,
): Promise<number> {
  // Whoever read the standing before the block was there decided before now; whoever reads it later sees the block.
  const now = clock.now();
  if (subject === undefined || from + blockFor * 1000 <= now || now <= revokedBefore) return revokedBefore;
  await subjectStatuses.raise(subject, now);
  return now;
}
