import type { RevocationSelector } from '../../contract/selector.ts';
import type { Revocation } from '../token-record.ts';
import { type IndexEntry, type TokenSelector, whereToLook } from '../token-selector.ts';

/**
 * That tokens are to be taken back: it is written down before the first is, so that it can be gone on with, and so that
 * whatever is indexed meanwhile is looked at too. Times are milliseconds.
 */
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

/** How far an order is carried out. */
export interface OrderProgress {
  /** How many tokens were taken back by walking the index. */
  revoked: number;
  /** How many were taken back besides, as they were indexed, until it was completed. */
  late?: number;
  /** Where to go on in the index; {@link WALKED}: nowhere; absent: at its beginning. */
  position?: string;
  /** When every token that was there had been looked at; absent: not yet. */
  completedAt?: number;
}

export type OrderState = RevocationOrder & OrderProgress;

/** The position of an order whose walk over the index is over. */
export const WALKED = 'walked';

/**
 * How long after a moment its last tokens may still be on their way to the index, in milliseconds, as a rule. Those that
 * take longer are taken back all the same, as they get there: only the number in `Revocation Completed` is without them.
 */
const SETTLING = 3_000;

/** When an order is to be gone on with (milliseconds; it may be past); `undefined` when it is completed. */
export function dueAt({ completedAt, from, position, revokedBefore }: OrderState): number | undefined {
  if (completedAt !== undefined) return undefined;
  return position === WALKED ? revokedBefore + SETTLING : from;
}

/** What an order picks tokens out by. */
export function picksOf({ selector: { issuedBefore, all, ...picks }, revokedBefore }: RevocationOrder): TokenSelector {
  return { ...picks, issuedBefore: revokedBefore };
}

/**
 * Where in the index an order looks, and so where orders are looked for that may select a newly indexed token. Nowhere, if
 * it names one token: who knows its id has it from the record.
 */
export function placesOf(order: RevocationOrder): IndexEntry[] {
  return order.selector.tokenId === undefined ? whereToLook(picksOf(order)) : [];
}

/** What the record of a token says that an order takes back. @param at when (milliseconds) */
export function revocationBy({ revocationId, by, reason }: RevocationOrder, at: number): Revocation {
  return { revokedAt: at, revokedBy: by, ...(reason && { revocationReason: reason }), revocationId };
}
