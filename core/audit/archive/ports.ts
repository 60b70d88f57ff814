/** Reads the archive: a bucket or a copy of the bucket. */
export interface ArchiveReader {
  /** Returns the bytes of an object, or `undefined` if it does not exist. */
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * Lists the names of objects in ascending order.
   *
   * @param prefix prefix of the names, which ends with a slash
   * @param after lists only names after this one
   */
  list(prefix: string, after?: string): AsyncIterable<string>;
}

/** Reads and writes the archive. Each object is written once and never changed. */
export interface ArchiveObjects extends ArchiveReader {
  /** Writes an object atomically if it does not exist. @returns whether the object was written */
  putNew(key: string, content: string): Promise<boolean>;
}

/**
 * Stores the contents of objects that an earlier invocation wrote without being known to have succeeded. Strongly
 * consistent.
 */
export interface AdoptedObjects {
  /**
   * The identities of all events in recently adopted objects. Entries expire when the stream no longer has the events.
   */
  events(): Promise<ReadonlySet<string>>;
  /** Stores the identities of the events in an object. Durable when the promise resolves. Idempotent. */
  add(key: string, events: readonly string[]): Promise<void>;
}
