/** The status of a subject, which every issuance and introspection reads. Times are in milliseconds. */
export interface SubjectStatus {
  /** The revocation watermark: tokens issued up to and including this time are revoked. It never moves back. */
  revokedBefore?: number;
  /** The block of the subject, during which it gets no token. */
  block?: Restriction;
  /** The limit on the lifetime of its tokens: at most `lifetime` seconds. */
  limit?: Restriction & { lifetime: number };
}

/** A temporary restriction of a subject. */
export interface Restriction {
  /** When the restriction ends, in milliseconds since the epoch. */
  until: number;
  /** When the restriction was imposed, in milliseconds since the epoch. */
  at: number;
  /** The ARN of the caller that imposed the restriction, or the source of the event that caused it. */
  by: string;
  reason?: string;
}

/** The lifting of a block before it expired. */
export type LiftedBlock = Omit<Restriction, 'until'>;

/** The effect of the subject status on a token request. */
export type Restricted =
  | { kind: 'refused'; denial: 'subject_revoked' | 'subject_blocked' }
  /** `lifetime` is the maximum, in seconds. */
  | { kind: 'limited'; lifetime: number };

/**
 * Returns the restriction that applies to a requested token, or `undefined` if none does.
 *
 * @param token the time of the decision (milliseconds since the epoch) and the lifetime (seconds)
 */
export function restrictionOn(
  { decidedAt, lifetime }: { decidedAt: number; lifetime: number },
  { revokedBefore, block, limit }: SubjectStatus,
): Restricted | undefined {
  if (revokedBefore !== undefined && decidedAt <= revokedBefore) return { kind: 'refused', denial: 'subject_revoked' };
  if (isInForce(block, decidedAt)) return { kind: 'refused', denial: 'subject_blocked' };
  if (limit !== undefined && isInForce(limit, decidedAt) && lifetime > limit.lifetime)
    return { kind: 'limited', lifetime: limit.lifetime };
  return undefined;
}

/** Reports whether a restriction is in force at `now`, in milliseconds since the epoch. */
export function isInForce(restriction: Restriction | undefined, now: number): boolean {
  return restriction !== undefined && now < restriction.until;
}
