/** A status list as everybody may have it. */
export interface PublishedStatusList {
  /** The Status List Token. */
  token: string;
  /** Names these very bytes, in quotes as HTTP has it. */
  etag: string;
  /** When the Status List Token ends (milliseconds): afterwards it says nothing. */
  expiresAt: number;
}

/** A status list as it is kept, in one version. */
export interface StatusList extends PublishedStatusList {
  list: number;
  /** Counts the changes, from 1 on. */
  version: number;
  /** How many tokens have a place in it. */
  places: number;
  /** A bit for each place, compressed. */
  compressed: Uint8Array;
  /** Of the key that signed. */
  keyId: string;
  /** Where it is found. */
  uri: string;
  /** When it was signed (milliseconds). */
  issuedAt: number;
  /** When its last token is over at the latest (milliseconds); absent as long as tokens are given places in it. */
  overAt?: number;
}
