/** The limits of the API. Code that enforces, documents or tests a limit reads it from here. */
export const limits = {
  /** Maximum size of a request body, in bytes of UTF-8. */
  bodyBytes: 16_384,
  /** Maximum nesting of arrays and objects in JSON. */
  jsonDepth: 8,
  /** Maximum number of entries in `authorization_details`. */
  entries: 20,
  /** Maximum number of (action, location) pairs in all entries. Each pair is one policy decision. */
  pairs: 50,
  /** Maximum length of a location, in characters. */
  locationLength: 256,
  /** Maximum number of segments of a location. Policy evaluation visits each ancestor of the location. */
  locationSegments: 16,
  /** Maximum number of index entries of a token's record. Each is a write. A request that needs more is refused. */
  indexEntries: 200,
  /** Maximum number of index entries of a denial's record. Further entries are omitted. */
  denialIndexEntries: 20,
  /** Maximum number of actions in one entry. */
  actions: 10,
  /** Maximum number of fields in one entry. */
  fields: 50,
  /** Maximum length of a field name, in characters. */
  fieldLength: 64,
  /** Maximum length of an audience, a resource or a subject, in characters. */
  nameLength: 512,
  /** Maximum number of mapped claims of a federated workload. */
  claims: 20,
  /** Maximum length of a text in a mapped claim, in characters. */
  claimLength: 256,
  /** Maximum number of texts in a mapped claim that is a list. */
  claimValues: 20,
  /** Maximum length of all mapped claims of a workload as JSON, in characters. */
  claimsLength: 4_096,
  /** Maximum length of a reason, in characters. */
  reasonLength: 256,
  /** Maximum token lifetime that a deployment can configure, in seconds. */
  lifetime: 86_400,
  /** Maximum duration of a block, in seconds: 30 days. */
  block: 2_592_000,
  /** Maximum length of a token that introspection and revocation accept, in characters. */
  tokenLength: 8_192,
  /** Maximum length of a proof of another issuer, in characters. */
  proofLength: 8_192,
  /** Maximum length of the `jti` of a security event token, in characters. */
  jtiLength: 256,
  /** Maximum number of security event tokens in the response to one poll. */
  polledEvents: 100,
  /** Maximum number of security event tokens that one poll acknowledges. More do not fit into a body. */
  acknowledgements: 300,
} as const;
