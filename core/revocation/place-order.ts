import type { AskedRevocation } from '../../contract/revocation.ts';
import { type RevocationSelector, somethingPicked } from '../../contract/selector.ts';
import type { RevocationOrders } from '../oversight-ports.ts';
import type { Clock, SubjectStandings, TokenRecords } from '../ports.ts';
import { selects } from '../token-selector.ts';
import { type OrderState, picksOf, type RevocationOrder, revocationBy } from './order.ts';

export interface PlaceOrderPorts {
  records: TokenRecords;
  standings: SubjectStandings;
  orders: RevocationOrders;
  clock: Clock;
}

/** A revocation and who asks for it. */
export interface Asking extends AskedRevocation {
  /** Names the order: the same again is the same order. */
  revocationId: string;
  /** The ARN of who asks, or the source of the event. */
  by: string;
  /** When it was asked for (milliseconds): asked again later, it still means the tokens of then. */
  askedAt: number;
  /** How long to wait before it is carried out, in seconds: its tokens live until then. */
  after?: number | undefined;
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
export async function placeOrder(
  { revocationId, selector, reason, blockFor, by, askedAt, after = 0 }: Asking,
  rules: { blockFor: number },
  { records, standings, orders, clock }: PlaceOrderPorts,
): Promise<Placed> {
  somethingPicked(selector, ({ message }) => {
    throw new Error(`a revocation is to pick something out: all ${message}`);
  });
  const { tokenId, issuedBefore } = selector;
  const block = wholeSubject(selector) === undefined || issuedBefore !== undefined ? 0 : (blockFor ?? rules.blockFor);
  const wanted: RevocationOrder = {
    revocationId,
    selector,
    revokedBefore: Math.min(askedAt, issuedBefore === undefined ? askedAt : Date.parse(issuedBefore)),
    from: askedAt + after * 1000,
    ...(block > 0 && { blockFor: block }),
    by,
    ...(reason && { reason }),
    orderedAt: askedAt,
  };
  if (tokenId !== undefined && after === 0) {
    return { kind: 'one_token', revoked: await revokeOne(tokenId, wanted, { records, clock }) };
  }

  const known = await orders.get(revocationId);
  if (known !== undefined) return { kind: 'order', order: known, blockedUntil: undefined };
  if (after > 0) return { kind: 'order', order: await orders.place(wanted), blockedUntil: undefined };
  const blockedUntil = await holdAgainstSubject(wanted, standings);
  const revokedBefore = block > 0 ? await untilItWasBlocked(wanted, { standings, clock }) : wanted.revokedBefore;
  return { kind: 'order', order: await orders.place({ ...wanted, revokedBefore }), blockedUntil };
}

/** Takes back a token if it is as the order says. @returns whether this order, now or before, took it back */
async function revokeOne(
  tokenId: string,
  order: RevocationOrder,
  { records, clock }: Pick<PlaceOrderPorts, 'records' | 'clock'>,
): Promise<0 | 1> {
  const record = await records.get(tokenId);
  if (record === undefined || !selects(picksOf(order), record)) return 0;
  const stands = await records.revoke(tokenId, revocationBy(order, clock.now()));
  return stands?.revocationId === order.revocationId ? 1 : 0;
}

/**
 * Holds against the subject that an order revokes, if it revokes a whole one, what issuing and introspection obey at once.
 * Doing it again changes nothing.
 *
 * @returns until when it gets no new token (milliseconds), if that is so
 */
export async function holdAgainstSubject(
  { selector, revokedBefore, blockFor, from, by, reason }: RevocationOrder,
  standings: SubjectStandings,
): Promise<number | undefined> {
  const subject = wholeSubject(selector);
  if (subject === undefined) return undefined;
  await standings.raise(subject, revokedBefore);
  if (blockFor === undefined) return undefined;
  return standings.block(subject, { until: from + blockFor * 1000, at: from, by, ...(reason && { reason }) });
}

/**
 * Revokes what a blocked subject was vended until its block held, too.
 *
 * @returns up to when its tokens are revoked (milliseconds)
 */
async function untilItWasBlocked(
  { selector: { subject }, revokedBefore, blockFor = 0, from }: RevocationOrder,
  { standings, clock }: Pick<PlaceOrderPorts, 'standings' | 'clock'>,
): Promise<number> {
  // Whoever read the standing before the block was there decided before now; whoever reads it later sees the block.
  const now = clock.now();
  if (subject === undefined || from + blockFor * 1000 <= now || now <= revokedBefore) return revokedBefore;
  await standings.raise(subject, now);
  return now;
}

/** The subject that is selected by itself, with all it was vended until some time. */
function wholeSubject({ subject, issuedBefore, ...others }: RevocationSelector): string | undefined {
  return Object.values(others).every((other) => other === undefined) ? subject : undefined;
}
