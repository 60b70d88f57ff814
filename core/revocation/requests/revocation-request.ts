import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { type Revocation, STORED_WITHIN } from '../../records/token-record.ts';
import type { TokenSelector } from '../../records/token-selector.ts';

/** A revocation and its requester. */
export interface SubmittedRevocation extends RequestedRevocation {
  /** The idempotency key: a repeated request with the same ID is the same request. */
  revocationId: string;
  /** The ARN of the requester, or the source of the event. */
  by: string;
  /** When the revocation was requested, in milliseconds. A retry keeps this time and so selects the same tokens. */
  requestedAt: number;
  /** The delay before the revocation starts, in seconds. The tokens stay active until then. */
  after?: number | undefined;
}

/** A revocation request. It is stored before the first token is revoked, so that it can be resumed. Times are in ms. */
export interface RevocationRequest {
  /** A UUID. For a request by event, the event's own ID, so that a second delivery is the same request. */
  revocationId: string;
  selector: RevocationSelector;
  /** Selects the tokens that were issued up to and including this time. */
  revokedBefore: number;
  /** When the revocation starts. */
  from: number;
  /** How long the revoked subject is blocked from then on, in seconds. Absent if it is not blocked. */
  blockFor?: number;
  /** The ARN of the requester, or the source of the event. */
  by: string;
  reason?: string;
  orderedAt: number;
}

/**
 * The progress of a revocation request.
 *
 * A request walks the index twice. The first walk begins at once and finds every token that is stored by then. The
 * second, short walk finds the tokens that were decided before `revokedBefore` but stored after the first walk began.
 * It begins when no such token can be stored any more ({@link settledAt}).
 */
export interface RevocationProgress {
  /** The number of revoked tokens. */
  revoked: number;
  /** When the first walk began. */
  began?: number;
  /** The position in the index to continue from. Absent at the beginning of the first walk. */
  position?: string;
  /** When all selected tokens were revoked. */
  completedAt?: number;
}

export type RevocationState = RevocationRequest & RevocationProgress;

/**
 * Returns the revocation request to store.
 *
 * @param rules.blockFor the default block of a revoked subject, in seconds
 */
export function toRevocationRequest(
  { revocationId, selector, reason, blockFor, by, requestedAt, after = 0 }: SubmittedRevocation,
  rules: { blockFor: number },
): RevocationRequest {
  const { issuedBefore } = selector;
  const block = wholeSubject(selector) === undefined || issuedBefore !== undefined ? 0 : (blockFor ?? rules.blockFor);
  return {
    revocationId,
    selector,
    revokedBefore: Math.min(requestedAt, issuedBefore === undefined ? requestedAt : Date.parse(issuedBefore)),
    from: requestedAt + after * 1000,
    ...(block > 0 && { blockFor: block }),
    by,
    ...(reason && { reason }),
    orderedAt: requestedAt,
  };
}

/** Returns the subject if the selector selects all tokens of one subject, optionally up to a time. */
export function wholeSubject({ subject, issuedBefore, ...others }: RevocationSelector): string | undefined {
  return Object.values(others).every((other) => other === undefined) ? subject : undefined;
}

/** The position between the two walks. */
export const WALKED = 'walked';

/** The maximum clock skew between two functions, in milliseconds. */
const CLOCK_SKEW = 1_000;

/** The maximum time from the decision until another function can read the record, in milliseconds. */
export const SETTLING = STORED_WITHIN + CLOCK_SKEW;

/** Returns when every token that a request may select is either stored or will never be released (milliseconds). */
export function settledAt({ revokedBefore }: RevocationRequest): number {
  return revokedBefore + SETTLING;
}

/** Returns when to continue a request (milliseconds, possibly in the past), or `undefined` if it is completed. */
export function dueAt(order: RevocationState): number | undefined {
  if (order.completedAt !== undefined) return undefined;
  return order.position === WALKED ? settledAt(order) : order.from;
}

/** Returns the selector of the tokens that a request revokes. */
export function tokenSelectorOf({ selector, revokedBefore }: RevocationRequest): TokenSelector {
  const { issuedBefore, all, ...properties } = selector;
  return { ...properties, issuedBefore: revokedBefore };
}

/** Returns the revocation to store in the record of a token. @param at the time of the revocation (milliseconds) */
export function revocationBy({ revocationId, by, reason }: RevocationRequest, at: number): Revocation {
  return { revokedAt: at, revokedBy: by, ...(reason && { revocationReason: reason }), revocationId };
}
