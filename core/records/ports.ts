import type { AuditFact } from './audit-fact.ts';
import type { LiftedBlock, Restriction, SubjectStatus } from './subject-status.ts';
import type { DeniedRecord, Failure, IssuedRecord, Revocation, TokenRecord } from './token-record.ts';
import type { IndexEntry } from './token-selector.ts';

/** The use of a proof that may be used once. */
export interface ProofUse {
  /** Identifies the proof, and its audience if the proof may be used once for each. */
  key: string;
  /** The time until which the use must be stored, in seconds since the epoch: no proof is accepted later. */
  until: number;
}

/** The durable record of every decision. */
export interface TokenRecords {
  /**
   * Stores a new record. When the promise resolves, the record is durable. If it is the record of a token, every page
   * of the index that is read from then on includes it. The promise settles only when no write is in flight any more.
   */
  put(record: IssuedRecord | DeniedRecord): Promise<void>;
  /**
   * Stores the record of a token and the use of its proof, both or neither. Otherwise like {@link put}.
   *
   * @returns whether this is the first use of the proof; if it is not, nothing was stored
   */
  putOnce(record: IssuedRecord, use: ProofUse): Promise<boolean>;
  /** Changes an `issued` record to `failed`. Leaves a record with any other status unchanged. */
  markFailed(tokenId: string, failed: { failure: Failure; failedAt: number }): Promise<void>;
  /** Reads a record with strong consistency. */
  get(tokenId: string): Promise<TokenRecord | undefined>;
  /** Reads at most 100 records with strong consistency, in the order of the IDs. Skips IDs without a record. */
  getMany(tokenIds: readonly string[]): Promise<TokenRecord[]>;
  /**
   * Changes an `issued` record that has not expired to `revoked`.
   *
   * @returns the revocation in the record: this one, or the one of an earlier call. `undefined` if the record is
   *   neither issued nor revoked
   */
  revoke(tokenId: string, revocation: Revocation): Promise<Revocation | undefined>;
  /** Changes an `issued` record that has expired to `expired`. @returns whether this call changed the record */
  expire(tokenId: string, now: number): Promise<boolean>;
}

/** Stores the status of each subject: its revocation watermark, block and limit. */
export interface SubjectStatuses {
  /** Reads the status of a subject with strong consistency. */
  get(subject: string): Promise<SubjectStatus>;
  /** Raises the revocation watermark of a subject, in milliseconds since the epoch. Never lowers it. */
  raise(subject: string, revokedBefore: number): Promise<void>;
  /** Blocks a subject. Keeps an existing block that lasts longer. @returns the end of the block, in milliseconds */
  block(subject: string, block: Restriction): Promise<number>;
  /** Lifts a block. @returns whether the subject was blocked */
  unblock(subject: string, lifted: LiftedBlock): Promise<boolean>;
  /** Limits a subject to short-lived tokens. */
  limit(subject: string, limit: Restriction & { lifetime: number }): Promise<void>;
}

/**
 * Finds records by their properties. The index is complete for tokens: a token is found as soon as it is stored,
 * because every page also includes the tokens that are stored but not yet added. A denial is found once it is added.
 */
export interface TokenIndex {
  /** Stores the entries of a record. Idempotent. */
  add(record: TokenRecord): Promise<void>;
  /**
   * Reads a page of distinct IDs with strong consistency, newest first. Some records may not match the query: the
   * caller must read the records and check them.
   *
   * @param query.kinds whether to find tokens, denials or both
   * @param query.at the index entries to read; a record is found if it has any of them
   * @param query.since the earliest time of a decision, in milliseconds since the epoch
   * @param query.until the latest time of a decision, in milliseconds since the epoch
   * @param query.position an `indexPosition`; the page starts after it
   * @returns the IDs, and `next`, the position of the next page, if there may be more
   */
  page(query: {
    kinds: readonly ('issued' | 'denied')[];
    at: readonly IndexEntry[];
    since: number;
    until: number;
    position?: string | undefined;
    limit: number;
  }): Promise<{ tokenIds: string[]; next?: string }>;
}

/** The tokens that are not yet marked as expired, by the minute in which they expire. Times are in milliseconds. */
export interface ExpiringTokens {
  /**
   * IDs, in batches, of the tokens that expire in `minute`, up to `until`. The read is eventually consistent: a token
   * that was issued in the last second may be missing, and a token that was marked in the last second may still appear.
   */
  within(minute: number, until: number): AsyncIterable<string[]>;
  /** Returns the latest minute whose tokens are all marked as expired, or `undefined` before the first sweep. */
  sweptTo(): Promise<number | undefined>;
  /** Advances the minute that `sweptTo` returns. Never moves it back. */
  advance(minute: number): Promise<void>;
}

/** Stores the facts for the audit that no other change implies. */
export interface AuditFacts {
  /** Stores a fact. @param id the idempotency key of the fact @returns whether the fact is new */
  put(id: string, fact: AuditFact): Promise<boolean>;
}
