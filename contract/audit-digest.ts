import * as z from 'zod';

// What vouches for the archive of audit events: a chain of signed digests. An auditor reads them without the machine.

/** The `typ` of a digest's JWS: no digest passes for a token, and no token for a digest (RFC 8725, section 3.11). */
export const AUDIT_DIGEST_TYPE = 'audit-digest+jwt';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();

/** What a digest says of one object of the archive. */
export const archivedObject = z.object({
  key: z.string().meta({ description: 'Its name in the archive.' }),
  sha256: sha256.meta({ description: 'Of all its bytes.' }),
  bytes: z.int().nonnegative(),
  records: z.int().positive().meta({ description: 'How many lines it has.' }),
  firstChain: sha256.meta({ description: 'The `chain` of its first line.' }),
  lastChain: sha256.meta({ description: 'The `chain` of its last line.' }),
});
export type ArchivedObject = z.infer<typeof archivedObject>;

/** A digest, named so that no other passes for it. */
export const namedDigest = z.object({
  key: z.string().meta({ description: 'Its name in the archive.' }),
  sha256: sha256.meta({ description: 'Of all its bytes.' }),
});
export type NamedDigest = z.infer<typeof namedDigest>;

/**
 * What a verifier of the archive keeps outside of it. It is also a JSON Web Key Set: RFC 7517, section 5, has readers
 * ignore members that they do not know.
 */
export const auditKeyFile = z.object({
  keys: z.array(z.looseObject({ kty: z.string() })).min(1),
  first_digest: namedDigest.optional().meta({
    description: 'The only digest that may have no `previous`. Without it, a restarted chain cannot be told.',
  }),
});

/** A digest: what a JWS of type {@link AUDIT_DIGEST_TYPE} says. */
export const auditDigest = z
  .object({
    version: z.literal('1'),
    from: time.meta({ description: 'Where the digest before ends, and what this one is named by.' }),
    to: time.meta({ description: 'When it was made, or was to be.' }),
    previous: namedDigest.nullable().meta({ description: 'The digest before; `null`: this is the first.' }),
    objects: z.array(archivedObject).meta({ description: 'Every object that no digest before names.' }),
  })
  .meta({ id: 'AuditDigest', description: 'What the archive holds more than when the digest before was made.' });
export type AuditDigest = z.infer<typeof auditDigest>;

/** The line that the archive has for a change which could not be read: it is no event, and on no bus. */
export const recordUnreadable = z
  .object({
    version: z.literal('1'),
    eventId: z.string(),
    time,
    item: z.string().meta({ description: 'The keys of the item that changed.' }),
    problem: z.string().meta({ description: 'What kind of error reading it was.' }),
  })
  .meta({ id: 'RecordUnreadable', description: 'Something changed that the archive could not read.' });
