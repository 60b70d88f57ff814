/** Reads the archive: a bucket, or a copy of it. */
export interface ArchiveReader {
  /** An object's bytes; `undefined` when there is none of that name. */
  get(key: string): Promise<Uint8Array | undefined>;
  /**
   * The names of objects, ascending.
   *
   * @param prefix what they begin with: one or more whole folders
   * @param after leaves out what does not come after it
   */
  list(prefix: string, after?: string): AsyncIterable<string>;
}

/** The archive's objects: each is written once, and never changed. */
export interface ArchiveObjects extends ArchiveReader {
  /** Writes an object unless there is one of that name, in one step. @returns whether it did */
  putNew(key: string, content: string): Promise<boolean>;
}

/** What invocations found archived by an earlier one that was not known to have succeeded. Strongly consistent. */
export interface AdoptedObjects {
  /** The identities of all events in the objects that were adopted lately: longer ago than the stream keeps them is forgotten. */
  events(): Promise<ReadonlySet<string>>;
  /** Notes which events an object holds, by their identities. When this resolves, it is durable. It is idempotent. */
  add(key: string, events: readonly string[]): Promise<void>;
}
