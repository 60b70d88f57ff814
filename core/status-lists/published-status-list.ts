/** The public part of a status list. */
export interface PublishedStatusList {
  /** The Status List Token. */
  token: string;
  /** The ETag of the token, in double quotes as in HTTP. */
  etag: string;
  /** When the Status List Token expires (milliseconds). It must not be used afterwards. */
  expiresAt: number;
}

/** One stored version of a status list. */
export interface StatusList extends PublishedStatusList {
  list: number;
  /** The version, which starts at 1 and grows with every change. */
  version: number;
  /** The number of indexes in the list. */
  places: number;
  /** The compressed bits, one for each index. */
  compressed: Uint8Array;
  /** The ID of the key that signed the list. */
  keyId: string;
  /** The URI of the list. */
  uri: string;
  /** When the list was signed (milliseconds). */
  issuedAt: number;
  /**
   * When the last token of the list has expired at the latest (milliseconds). Absent while indexes are allocated in it.
   */
  overAt?: number;
}
