/** What is held against a subject: read with every token that is vended or introspected. Times are milliseconds. */
export interface SubjectStatus {
  /** What it was vended up to and including then is revoked. It never moves back. */
  revokedBefore?: number;
  /** It gets no token until then. */
  block?: Restriction;
  /** Its tokens are short until then: at most `lifetime` seconds. */
  limit?: Restriction & { lifetime: number };
}

/** Something held against a subject for a time. */
export interface Restriction {
  /** Milliseconds since the epoch. */
  until: number;
  /** When it was imposed. */
  at: number;
  /** The ARN of who imposed it, or the source of the event that did. */
  by: string;
  reason?: string;
}

/** A block was lifted before its time was over. */
export type Lifted = Omit<Restriction, 'until'>;

/** What is held against the subject of a token that is asked for. */
export type Restricted =
  | { kind: 'refused'; denial: 'subject_revoked' | 'subject_blocked' }
  /** `lifetime`: the longest, in seconds. */
  | { kind: 'limited'; lifetime: number };

/**
 * What is held against a token that is asked for.
 *
 * @param token when it is decided (milliseconds), and how long it would live (seconds)
 * @returns `undefined`: nothing
 */
export function restrictionOn(
  { decidedAt, lifetime }: { decidedAt: number; lifetime: number },
  { revokedBefore, block, limit }: SubjectStatus,
): Restricted | undefined {
  if (revokedBefore !== undefined && decidedAt <= revokedBefore) return { kind: 'refused', denial: 'subject_revoked' };
  if (holds(block, decidedAt)) return { kind: 'refused', denial: 'subject_blocked' };
  if (limit !== undefined && holds(limit, decidedAt) && lifetime > limit.lifetime)
    return { kind: 'limited', lifetime: limit.lifetime };
  return undefined;
}

/** Whether a restriction holds at a time (milliseconds). */
export function holds(restriction: Restriction | undefined, now: number): boolean {
  return restriction !== undefined && now < restriction.until;
}
