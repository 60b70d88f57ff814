import type { Clock, SubjectWatermarks, TokenRecords } from './ports.ts';
import type { Revocation } from './token-record.ts';

export interface RevokeTokensPorts {
  records: TokenRecords;
  watermarks: SubjectWatermarks;
  clock: Clock;
}

/** Exactly one of `tokenId` and `subject`. */
export interface RevocationOrder {
  tokenId?: string | undefined;
  subject?: string | undefined;
  /** Why, in free text. */
  reason?: string | undefined;
  /** The ARN of the operator, or the source of the event. */
  by: string;
}

/** How many records are revoked at the same time: enough to be quick, few enough not to throttle issuing. */
const AT_ONCE = 25;

/**
 * Takes back one token, or every token that a subject has now. A token is taken back once.
 *
 * A subject's watermark is raised before its records are touched: a token that is being vended at this moment, and
 * that the index may not show yet, is dead by the watermark.
 *
 * @returns how many tokens this call took back
 */
export async function revokeTokens(
  order: RevocationOrder,
  { records, watermarks, clock }: RevokeTokensPorts,
): Promise<number> {
  const revocation: Revocation = {
    revokedAt: clock.now(),
    revokedBy: order.by,
    ...(order.reason && { revocationReason: order.reason }),
  };
  if (order.tokenId !== undefined) return Number(await records.revoke(order.tokenId, revocation));
  if (order.subject === undefined) throw new Error('a revocation order names a token or a subject');

  await watermarks.raise(order.subject, revocation.revokedAt);
  let revoked = 0;
  for await (const page of records.openTokens(order.subject, revocation.revokedAt)) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      const done = await Promise.all(page.slice(at, at + AT_ONCE).map((id) => records.revoke(id, revocation)));
      revoked += done.filter(Boolean).length;
    }
  }
  return revoked;
}
