/** What is held against a subject: read with every token that is vended or introspected. Times are milliseconds. */
export interface Standing {
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

/** Whether a restriction holds at a time (milliseconds). */
export function holds(restriction: Restriction | undefined, now: number): boolean {
  return restriction !== undefined && now < restriction.until;
}
