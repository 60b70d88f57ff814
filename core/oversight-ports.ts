import type { Profile } from './anomaly/profile.ts';
import type { AuditFact, Introspections } from './audit-fact.ts';
import type { PublishedStatusList, StatusList } from './kept-status-list.ts';
import type { OrderProgress, OrderState, RevocationOrder } from './revocation/order.ts';
import type { TokenRecord } from './token-record.ts';
import type { IndexEntry } from './token-selector.ts';

// What those need who oversee tokens: list them, take them back, note what became of them.

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

/** Tells what this machine wrote from what others did: a message authentication code. */
export interface Seal {
  /** The seal of a text: the same for the same. */
  of(text: string): Promise<Uint8Array>;
  /** Whether a seal is that of a text. */
  fits(text: string, seal: Uint8Array): Promise<boolean>;
}

/** The revocations that were ordered, until some time after the last token that they may select has expired. */
export interface RevocationOrders {
  /** Writes an order down. One with the same id stays as it is. @returns what is written */
  place(order: RevocationOrder): Promise<OrderState>;
  get(revocationId: string): Promise<OrderState | undefined>;
  /** Notes how far an order is carried out, if it stands where it stood. @returns whether it did */
  advance(revocationId: string, from: string | undefined, progress: OrderProgress): Promise<boolean>;
}

/** Has revocations gone on with that one call does not carry out. */
export interface Continuations {
  /** @param after seconds to wait before; where it cannot be that long, it is sooner */
  goOnWith(revocationId: string, after: number): Promise<void>;
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

/** What a deployment decides and signs by. */
export interface Deployment {
  /** The hash of its policy bundle. */
  policyBundle: string;
  /** The ARNs of its keys, the one that signs first. */
  keyArns: string[];
}

/** The deployment that was seen last. */
export interface Deployments {
  /** @returns `version` counts its changes; `undefined`: none was ever seen */
  last(): Promise<(Deployment & { version: number }) | undefined>;
  /** Notes another. @param version of the one that it takes the place of; 0: there is none. Otherwise nothing happens */
  replace(version: number, deployment: Deployment): Promise<void>;
}

/** The status lists, published and to be published. Strongly consistent. */
export interface StatusLists {
  /** The first list that is not retired, and the last that places are handed out of; 0 before the first was. */
  span(): Promise<{ oldest: number; current: number }>;
  get(list: number): Promise<StatusList | undefined>;
  /** The same, without what it is made of. */
  published(list: number): Promise<PublishedStatusList | undefined>;
  /** Stores the version after the one that is there, or the first. @returns whether it did: nobody else came before */
  put(list: StatusList): Promise<boolean>;
  /** Notes that all tokens of this list, and of those before it, are over. */
  retire(list: number): Promise<void>;
}

/** Facts for the audit that are no change of anything else. */
export interface AuditFacts {
  /** @param id names the fact: with the same id again, nothing happens. @returns whether it is new */
  put(id: string, fact: AuditFact): Promise<boolean>;
}

/** What is remembered of a security event token, so that it is obeyed once. */
export interface NotedSecurityEvent {
  /** The digest of what was signed. */
  digest: string;
  /** Milliseconds since the epoch. */
  receivedAt: number;
  /** Whether what it asks for was done. */
  obeyed: boolean;
}

/** The security event tokens that were received, by who issued them and their `jti`. */
export interface ReceivedSecurityEvents {
  /** Remembers one, if it is not. @returns what is remembered: this, or what an earlier call noted */
  note(issuer: string, jti: string, event: NotedSecurityEvent): Promise<NotedSecurityEvent>;
  /** Notes that what it asks for was done. */
  obeyed(issuer: string, jti: string): Promise<void>;
}

/** The security event tokens that receivers are yet to ask for, by the receiver's name and their `jti`. */
export interface KeptSecurityEvents {
  /** Keeps one, for some days at most. Doing it again changes nothing, but that it is there again if it was removed. */
  keep(receiver: string, event: { jti: string; set: string }): Promise<void>;
  /** Keeps these no longer; what is not kept is passed over. @param jtis each once */
  remove(receiver: string, jtis: readonly string[]): Promise<void>;
  /** Strongly consistent. @returns the first in the order of `jti`, which is that of time; @param limit at most 1000 */
  oldest(receiver: string, limit: number): Promise<readonly { jti: string; set: string }[]>;
}

/** What is remembered of workloads, so as to know what is usual. */
export interface Profiles {
  /**
   * Strongly consistent.
   * @param of a subject, or `*`: all of them together
   */
  get(of: string): Promise<{ profile: Profile; version: number } | undefined>;
  /**
   * Stores the next version.
   * @param version the one that was read; 0: there was none
   * @returns whether it did: nobody else came before
   */
  put(of: string, profile: Profile, version: number): Promise<boolean>;
}
