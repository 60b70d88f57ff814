import type { AuditFact, Introspections } from '../records/audit-fact.ts';

/** A token that has not ended, as far as it is counted by. */
export interface OpenToken {
  subject: string;
  audience: string;
  access: 'none' | 'read' | 'write' | 'read-write';
  /** Milliseconds, as is `expiresAt`. */
  decidedAt: number;
  expiresAt: number;
}

/** The tokens that are neither taken back, nor failed, nor past their end. */
export interface OpenTokens {
  /** All of them, in parts. Eventually consistent: what happened this second may not be in it. */
  at(now: number): AsyncIterable<OpenToken[]>;
}

/** What was noted of a token besides its record. */
export interface TokenTraces {
  /** @returns the newest of each kind, up to a bound; `more` where there are others. Strongly consistent. */
  of(tokenId: string): Promise<{ introspections: Introspections[]; facts: AuditFact[]; more: boolean }>;
}
