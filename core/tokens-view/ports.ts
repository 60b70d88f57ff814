import type { AuditFact, Introspections } from '../records/audit-fact.ts';

/** The properties of an unexpired token that the summary counts. */
export interface OpenToken {
  subject: string;
  audience: string;
  access: 'none' | 'read' | 'write' | 'read-write';
  /** When the request was decided, in milliseconds since the epoch. */
  decidedAt: number;
  /** When the token expires, in milliseconds since the epoch. */
  expiresAt: number;
}

/** The tokens that are not revoked, failed or expired. */
export interface OpenTokens {
  /** Reads all these tokens in batches. The read is eventually consistent and may miss changes of the last second. */
  at(now: number): AsyncIterable<OpenToken[]>;
}

/** The introspections and facts that are stored for a token in addition to its record. */
export interface TokenTraces {
  /**
   * Reads the newest of each kind with strong consistency.
   *
   * @returns a bounded number of each, and whether there are more
   */
  of(tokenId: string): Promise<{ introspections: Introspections[]; facts: AuditFact[]; more: boolean }>;
}
