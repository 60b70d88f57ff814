import type { JSONWebKeySet } from 'jose';
import type { Introspections } from './audit-fact.ts';
import type { Behaviour } from './policy/question.ts';
import type { Lifted, Restriction, Standing } from './standing.ts';
import type { DeniedRecord, Failure, IssuedRecord, Revocation, StatusReference, TokenRecord } from './token-record.ts';

/** The signature algorithms the machine knows (RFC 7518, section 3.1). No other is ever signed or accepted. */
export type Algorithm = 'ES256' | 'ES384' | 'RS256';

/** A signing key, as a token's header names it. */
export interface KeyName {
  algorithm: Algorithm;
  /** Its RFC 7638 thumbprint: the token's `kid`. */
  keyId: string;
}

/** What is signed: a keeper of keys takes the one or the other. */
export interface ToBeSigned {
  /** The JWS signing input. */
  input: string;
  /** Its digest: SHA-256, or SHA-384 for ES384. */
  digest: Uint8Array;
}

/** Signs tokens with a key that never leaves its keeper. */
export interface Signer {
  /** The key that signs now. Known from the first call on; later calls cost nothing. */
  key(): Promise<KeyName>;
  /** @returns the signature as JWS writes it (for ECDSA: R and S, RFC 7518 section 3.4) */
  sign(message: ToBeSigned): Promise<Uint8Array>;
}

/** The public keys of every token that may still be valid. */
export interface VerificationKeys {
  jwks(): Promise<JSONWebKeySet>;
}

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
export interface SubjectStandings {
  /** Strongly consistent. */
  get(subject: string): Promise<Standing>;
  /** Revokes what the subject was vended up to and including this time (milliseconds). It never moves back. */
  raise(subject: string, revokedBefore: number): Promise<void>;
  /** Lets it have no token for a time. A longer block stays as it is. @returns until when it is blocked */
  block(subject: string, block: Restriction): Promise<number>;
  /** Lifts a block. @returns whether there was one */
  unblock(subject: string, lifted: Lifted): Promise<boolean>;
  /** Lets it have short tokens alone, for a time. */
  limit(subject: string, limit: Restriction & { lifetime: number }): Promise<void>;
}

/** How often resource servers asked about each token, minute by minute. */
export interface IntrospectionCounts {
  /**
   * Counts one more.
   * @param told what was told, and when (milliseconds)
   * @param ttl from when on the store may forget it, in seconds since the epoch
   */
  add(told: Omit<Introspections, 'minute' | 'last' | 'count'>, at: number, ttl: number): Promise<void>;
}

/** Hands out places in the status lists, each once. */
export interface StatusIndexes {
  /** As a rule without a call: places are leased in blocks. */
  take(): Promise<StatusReference>;
}

/** What callers did lately. */
export interface RecentBehaviour {
  /** @param now milliseconds since the epoch. Eventually consistent: what happened this second may not be in it. */
  of(subject: string, now: number): Promise<Behaviour>;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Ids {
  /** A fresh random token id: a UUID version 4 (RFC 9562). */
  next(): string;
}

/** A dependency did not do its part: throttled, slow, down or misconfigured. The caller may try again. */
export class DependencyFault extends Error {
  override readonly name = 'DependencyFault';
  readonly dependency: string;

  /** @param dependency which one, in a word, e.g. `KMS` */
  constructor(dependency: string, cause: unknown) {
    super(`${dependency} failed: ${cause instanceof Error ? cause.name : 'unknown'}`, { cause });
    this.dependency = dependency;
  }
}
