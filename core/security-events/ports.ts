/** The stored state of a received security event token, which ensures that the token is processed once. */
export interface NotedSecurityEvent {
  /** The digest of the JWS signing input. */
  digest: string;
  /** When the token was first received, in milliseconds since the epoch. */
  receivedAt: number;
  /** Whether the requested revocation was submitted. */
  obeyed: boolean;
}

/** Stores the received security event tokens, by issuer and `jti`. */
export interface ReceivedSecurityEvents {
  /** Stores the state of a token, unless one is stored. @returns the stored state, from this call or an earlier one */
  note(issuer: string, jti: string, event: NotedSecurityEvent): Promise<NotedSecurityEvent>;
  /** Marks a token as processed. */
  markProcessed(issuer: string, jti: string): Promise<void>;
}

/** Stores the security event tokens that wait for polling receivers, by receiver name and `jti`. */
export interface PendingSecurityEvents {
  /** Stores a token for a few days at most. Idempotent, but stores a token again that was removed. */
  keep(receiver: string, event: { jti: string; set: string }): Promise<void>;
  /** Removes tokens. Ignores tokens that are not stored. @param jtis distinct values */
  remove(receiver: string, jtis: readonly string[]): Promise<void>;
  /**
   * Reads the oldest tokens with strong consistency. The order of `jti` is the order of time.
   *
   * @param limit at most 1000
   */
  oldest(receiver: string, limit: number): Promise<readonly { jti: string; set: string }[]>;
}
