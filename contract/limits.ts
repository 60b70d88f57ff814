/** The bounds of the wire. Everything that parses, documents or tests a bound reads it here. */
export const limits = {
  /** Largest request body accepted, in bytes of UTF-8. */
  bodyBytes: 16_384,
  /** Deepest nesting of arrays and objects accepted in JSON. */
  jsonDepth: 8,
  /** Most entries in `authorization_details`. */
  entries: 20,
  /** Most (action, location) pairs over all entries: each is one policy decision. */
  pairs: 50,
  /** Longest location, in characters. */
  locationLength: 256,
  /** Most segments of a location: policy looks at each of its ancestors. */
  locationSegments: 16,
  /** Most entries that a token has in the index of records: each is a write. A request that would need more is refused. */
  indexEntries: 200,
  /** Most entries that a denial has there. Further ones are left out. */
  denialIndexEntries: 20,
  /** Most fields named in one entry. */
  fields: 50,
  /** Longest field name, in characters. */
  fieldLength: 64,
  /** Longest audience, resource or subject, in characters. */
  nameLength: 512,
  /** Longest free text given as a reason, in characters. */
  reasonLength: 256,
  /** Longest lifetime of a token that any deployment may configure, in seconds. */
  lifetime: 86_400,
  /** Longest time that a subject may be blocked, in seconds: 30 days. */
  block: 2_592_000,
  /** Longest token accepted by introspection and revocation, in characters. */
  tokenLength: 8_192,
  /** Longest identifier of a security event token, in characters. */
  jtiLength: 256,
  /** Most security event tokens given to a receiver that polls, at once. */
  polledEvents: 100,
  /** Most that it may acknowledge at once: more of them have no place in a body. */
  acknowledgements: 300,
} as const;
