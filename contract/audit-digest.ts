import * as z from 'zod';

// A chain of signed digests proves that the archive of audit events is intact. An auditor verifies it without the service.

/** The `typ` of a digest's JWS, so that digests and tokens cannot be mistaken for each other (RFC 8725, section 3.11). */
export const AUDIT_DIGEST_TYPE = 'audit-digest+jwt';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();

/** The entry of a digest for one object of the archive. */
export const archivedObject = z.object({
  key: z.string().meta({ description: 'The key of the object in the archive.' }),
  sha256: sha256.meta({ description: 'The SHA-256 hash of all its bytes.' }),
  bytes: z.int().nonnegative(),
  records: z.int().positive().meta({ description: 'The number of its lines.' }),
  firstChain: sha256.meta({ description: 'The `chain` of its first line.' }),
  lastChain: sha256.meta({ description: 'The `chain` of its last line.' }),
});
export type ArchivedObject = z.infer<typeof archivedObject>;

/** A reference to a digest. The hash ensures that no other digest can be passed off as this one. */
export const namedDigest = z.object({
  key: z.string().meta({ description: 'The key of the object in the archive.' }),
  sha256: sha256.meta({ description: 'The SHA-256 hash of all its bytes.' }),
});
export type NamedDigest = z.infer<typeof namedDigest>;

/**
 * The file that a verifier of the archive stores outside the archive. It is also a JSON Web Key Set: RFC 7517, section 5,
 * requires readers to ignore unknown members.
 */
export const auditKeyFile = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })).min(1),
  first_digest: namedDigest.optional().meta({
    description: 'The only digest that may have no `previous`. Without this entry, a restarted chain is not detected.',
  }),
});

/** A digest: the payload of a JWS of type {@link AUDIT_DIGEST_TYPE}. */
export const auditDigest = z
  .object({
    version: z.literal('1'),
    from: time.meta({
      description: 'When the previous digest ends. The digest’s key in the archive contains this time.',
    }),
    to: time.meta({ description: 'When it was created, or was scheduled to be created.' }),
    previous: namedDigest.nullable().meta({ description: 'The previous digest; `null` in the first one.' }),
    objects: z.array(archivedObject).meta({ description: 'Every object that no earlier digest names.' }),
  })
  .meta({ id: 'AuditDigest', description: 'The objects added to the archive since the previous digest.' });
export type AuditDigest = z.infer<typeof auditDigest>;

/** The archive's line for a table change that could not be read. It is not an event, and is not published on the bus. */
export const recordUnreadable = z
  .object({
    version: z.literal('1'),
    eventId: z.string(),
    time,
    item: z.string().meta({ description: 'The keys of the item that changed.' }),
    problem: z.string().meta({ description: 'The kind of error that occurred when it was read.' }),
  })
  .meta({ id: 'RecordUnreadable', description: 'A change that could not be read for the archive.' });
