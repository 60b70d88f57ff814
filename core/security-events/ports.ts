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
export interface PendingSecurityEvents {
  /** Keeps one, for some days at most. Doing it again changes nothing, but that it is there again if it was removed. */
  keep(receiver: string, event: { jti: string; set: string }): Promise<void>;
  /** Keeps these no longer; what is not kept is passed over. @param jtis each once */
  remove(receiver: string, jtis: readonly string[]): Promise<void>;
  /** Strongly consistent. @returns the first in the order of `jti`, which is that of time; @param limit at most 1000 */
  oldest(receiver: string, limit: number): Promise<readonly { jti: string; set: string }[]>;
}
