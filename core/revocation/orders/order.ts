import type { AskedRevocation } from '@tvm/contract/revocation.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { type Revocation, STORED_WITHIN } from '../../records/token-record.ts';
import type { TokenSelector } from '../../records/token-selector.ts';

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

/** A request to revoke tokens. It is stored before the first token is revoked, so that it can be resumed. Times are milliseconds. */
export interface RevocationOrder {
  /** A UUID; of a request by event, the event's own id, so that a second delivery is the same order. */
  revocationId: string;
  selector: RevocationSelector;
  /** Tokens vended up to and including then are meant. */
  revokedBefore: number;
  /** It is carried out from then on. */
  from: number;
  /** How long the subject that it revokes gets no new token from then on, in seconds; absent: not at all. */
  blockFor?: number;
  /** The ARN of who gave it, or the source of the event. */
  by: string;
  reason?: string;
  orderedAt: number;
}

/**
 * How far an order is carried out.
 *
 * It walks the index twice. The first walk begins at once and finds every token that is stored by then. Tokens that are
 * decided before `revokedBefore` but stored after the first walk began are found by the second, short walk, which begins
 * when no such token can be stored any more ({@link settledAt}).
 */
export interface OrderProgress {
  /** How many tokens it has revoked. */
  revoked: number;
  /** When the first walk began. */
  began?: number;
  /** Where to continue in the index. Absent: at the beginning of the first walk. */
  position?: string;
  /** When every token that it selects had been revoked. */
  completedAt?: number;
}

export type OrderState = RevocationOrder & OrderProgress;

/**
 * The order that a revocation asks for.
 *
 * @param rules.blockFor how long a revoked subject gets no new token, in seconds, if the revocation does not say
 */
export function orderAsked(
  { revocationId, selector, reason, blockFor, by, askedAt, after = 0 }: Asking,
  rules: { blockFor: number },
): RevocationOrder {
  const { issuedBefore } = selector;
  const block = wholeSubject(selector) === undefined || issuedBefore !== undefined ? 0 : (blockFor ?? rules.blockFor);
  return {
    revocationId,
    selector,
    revokedBefore: Math.min(askedAt, issuedBefore === undefined ? askedAt : Date.parse(issuedBefore)),
    from: askedAt + after * 1000,
    ...(block > 0 && { blockFor: block }),
    by,
    ...(reason && { reason }),
    orderedAt: askedAt,
  };
}

/** The subject that is selected by itself, with all it was vended until some time. */
export function wholeSubject({ subject, issuedBefore, ...others }: RevocationSelector): string | undefined {
  return Object.values(others).every((other) => other === undefined) ? subject : undefined;
}

/** The position between the two walks. */
export const WALKED = 'walked';

/** How much the clocks of two functions may differ, in milliseconds. */
const CLOCK_SKEW = 1_000;

/** The longest time between the decision on a token and the moment when another function can read its record, in milliseconds. */
export const SETTLING = STORED_WITHIN + CLOCK_SKEW;

/** From when on every token that an order may select is stored, or will never be released (milliseconds). */
export function settledAt({ revokedBefore }: RevocationOrder): number {
  return revokedBefore + SETTLING;
}

/** When to continue an order (milliseconds; it may be past); `undefined` when it is completed. */
export function dueAt(order: OrderState): number | undefined {
  if (order.completedAt !== undefined) return undefined;
  return order.position === WALKED ? settledAt(order) : order.from;
}

/** What an order picks tokens out by. */
export function picksOf({ selector: { issuedBefore, all, ...picks }, revokedBefore }: RevocationOrder): TokenSelector {
  return { ...picks, issuedBefore: revokedBefore };
}

/** What the record of a token says that an order takes back. @param at when (milliseconds) */
export function revocationBy({ revocationId, by, reason }: RevocationOrder, at: number): Revocation {
  return { revokedAt: at, revokedBy: by, ...(reason && { revocationReason: reason }), revocationId };
}
