import type { AuditFact } from './audit-fact.ts';
import type { Lifted, Restriction, SubjectStatus } from './subject-status.ts';
import type { DeniedRecord, Failure, IssuedRecord, Revocation, TokenRecord } from './token-record.ts';
import type { IndexEntry } from './token-selector.ts';

/** The durable record of every decision. */
export interface TokenRecords {
  /**
   * Stores a new record; when this resolves, the record is durable, and if it is a token's, every page of the index that
   * is read from now on has it. It resolves or rejects only when nothing is under way any more.
   */
  put(record: IssuedRecord | DeniedRecord): Promise<void>;
  /** Turns an issued record into a failed one. A record that is not `issued` is left as it is. */
  markFailed(tokenId: string, failed: { failure: Failure; failedAt: number }): Promise<void>;
  /** Reads a record with strong consistency. */
  get(tokenId: string): Promise<TokenRecord | undefined>;
  /** Reads at most 100 records with strong consistency, in the order of their ids; an id without a record is left out. */
  getMany(tokenIds: readonly string[]): Promise<TokenRecord[]>;
  /**
   * Turns an issued record that has not ended into a revoked one.
   * @returns the revocation that stands afterwards: this one, or that of an earlier call; `undefined` when it is
   *   neither issued nor revoked
   */
  revoke(tokenId: string, revocation: Revocation): Promise<Revocation | undefined>;
  /** Turns an issued record past its end into an expired one. @returns whether this call did it */
  expire(tokenId: string, now: number): Promise<boolean>;
}

/** What is held against each subject. */
export interface SubjectStatuses {
  /** Strongly consistent. */
  get(subject: string): Promise<SubjectStatus>;
  /** Revokes what the subject was vended up to and including this time (milliseconds). It never moves back. */
  raise(subject: string, revokedBefore: number): Promise<void>;
  /** Lets it have no token for a time. A longer block stays as it is. @returns until when it is blocked */
  block(subject: string, block: Restriction): Promise<number>;
  /** Lifts a block. @returns whether there was one */
  unblock(subject: string, lifted: Lifted): Promise<boolean>;
  /** Lets it have short tokens alone, for a time. */
  limit(subject: string, limit: Restriction & { lifetime: number }): Promise<void>;
}

/**
 * Finds records by what they say. It is complete: a token is found from the moment it is stored, since every page also has
 * the tokens that are stored but not yet added. A denial is found once it is added.
 */
export interface TokenIndex {
  /** Stores the entries of a record. Idempotent. */
  add(record: TokenRecord): Promise<void>;
  /**
   * A page of ids, newest first, each once; strongly consistent. Not all of them need fit: read the records, and check.
   *
   * @param query.kinds whether tokens, denials or both are looked for
   * @param query.at where to look: under any of these entries
   * @param query.until the latest decision (milliseconds); `query.since`: the earliest
   * @param query.position an `indexPosition`: goes on after it
   * @returns `next`, a position, where there may be more
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

/** The tokens that are yet to be noted as expired, by the minute in which they end. Times are milliseconds. */
export interface ExpiringTokens {
  /**
   * Those that end within a minute, up to a time in it: their ids, in parts.
   * Eventually consistent: what was vended, or noted, this second may be missing, or still there.
   */
  within(minute: number, until: number): AsyncIterable<string[]>;
  /** The latest minute of which every token was noted; `undefined`: none yet. */
  sweptTo(): Promise<number | undefined>;
  /** Moves that forward. It never moves back. */
  advance(minute: number): Promise<void>;
}

/** Facts for the audit that are no change of anything else. */
export interface AuditFacts {
  /** @param id names the fact: with the same id again, nothing happens. @returns whether it is new */
  put(id: string, fact: AuditFact): Promise<boolean>;
}
