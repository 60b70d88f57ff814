import type { Finding } from './check-object.ts';
import {
  addedObject,
  type ClassifiedObject,
  checkContent,
  classifiedObjects,
  type ObjectClass,
  OVERDUE,
} from './classify-objects.ts';
import type { AuditKeys, VerifiedDigest } from './digest-chain.ts';
import { DIGESTS, digestKey, LATEST } from './names.ts';
import type { ArchiveReader } from './ports.ts';

export interface VerifyArchiveInput extends AuditKeys {
  archive: ArchiveReader;
  /** Start of the period, in milliseconds since the epoch. Default: the start of the archive. */
  from?: number;
  /**
   * End of the period, in milliseconds since the epoch. Digests must cover it, unless the next digest is not overdue.
   */
  to: number;
  /** Current time in milliseconds since the epoch. */
  now: number;
  /** Maximum age of the newest digest's end, in milliseconds. Default: until the next digest is overdue. */
  expectDigestWithin?: number | undefined;
  /** Called for each finding. */
  found(finding: Finding): void;
}

/** The result of a verification. */
export interface Verified {
  /** Number of verified digests that overlap the period. */
  digests: number;
  /** Number of objects of the period that a digest covers, and of their records. */
  objects: number;
  records: number;
  findings: number;
  /** The period that these digests cover. Absent if there are none. */
  covered?: { from: string; to: string };
  /** Number of pending objects that were read. */
  uncovered: number;
  /** Number of all objects of the archive, by class. */
  classes: Record<ObjectClass, number>;
  /**
   * Aspects that could not be verified, one sentence each. The archive is proven only if this and the findings are
   * empty.
   */
  notJudged: string[];
}

/**
 * Verifies the archive: each digest is signed and follows the previous one, each object matches its digest, and no
 * other object exists.
 *
 * Digests and names are always checked for the whole archive, so added objects are always reported. `from` and `to`
 * limit which objects are read and which missing objects are reported. Because an event may be in an object of up to 26
 * hours before or after it, objects of these hours are read too, but not reported if they are missing.
 *
 * Objects are read one after another, so the memory does not grow with the archive.
 */
export async function verifyArchive(input: VerifyArchiveInput): Promise<Verified> {
  const { archive, jwks, firstDigest, from = Number.NEGATIVE_INFINITY, to, now } = input;
  const result: Verified = {
    digests: 0,
    objects: 0,
    records: 0,
    findings: 0,
    uncovered: 0,
    classes: { vouched: 0, pending: 0, added: 0 },
    notJudged: firstDigest === undefined ? [CHAIN_MAY_BE_RESTARTED] : [],
  };
  const found = (finding: Finding) => {
    result.findings += 1;
    input.found(finding);
  };
  const overlaps = (digest: VerifiedDigest) => digest.to > from && digest.from <= to;
  const near = (at: number) => at >= from - LATEST && at <= to + LATEST;
  /** Reports whether an object must exist. */
  const isRequired = ({ at, statement }: ClassifiedObject) =>
    statement !== undefined && (overlaps(statement.digest) || (at !== undefined && at >= from && at <= to));

  let reach: number | undefined;
  const read = (digest: VerifiedDigest) => {
    reach = digest.to;
    if (!overlaps(digest)) return;
    result.digests += 1;
    result.covered = { from: result.covered?.from ?? digest.digest.from, to: digest.digest.to };
  };
  const keys = { jwks, firstDigest };
  for await (const object of classifiedObjects({ archive, keys, now, read, found })) {
    const { key, at, listed, statement } = object;
    const inReach = at !== undefined && near(at);
    if (listed) result.classes[object.class] += 1;
    if (object.class === 'added') {
      found(addedObject(object));
      continue;
    }
    // Read a required object even if it is not listed, because the listing may be older than the digest.
    const required = isRequired(object);
    if (!required && !(listed && inReach)) continue;
    if (statement === undefined) result.uncovered += 1;
    else if (required) {
      result.objects += 1;
      result.records += statement.object.records;
    }
    const content = await archive.get(key);
    if (content !== undefined) checkContent(object, content, now).forEach(found);
    else found({ kind: 'object-removed', key, what: removed(object) });
  }

  if (result.covered === undefined) {
    found({ kind: 'digest-missing', key: DIGESTS, what: 'No digest covers this period.' });
  } else if (reach !== undefined && reach < newestEnd(input)) {
    const what = `The newest digest ends at ${new Date(reach).toISOString()}; no digest covers later events.`;
    found({ kind: 'digest-missing', key: digestKey(reach), what });
  }
  return result;
}

function removed({ statement }: ClassifiedObject): string {
  return statement === undefined
    ? 'It was listed but no longer exists.'
    : `The digest ${statement.digest.key} covers it, but it does not exist.`;
}

const CHAIN_MAY_BE_RESTARTED =
  'Whether the chain of digests was restarted: the key file names no first digest. `tvm audit keys` writes a file that does.';

/** The earliest allowed end of the newest digest. */
function newestEnd({ to, now, expectDigestWithin = Number.POSITIVE_INFINITY }: VerifyArchiveInput): number {
  return Math.max(Math.min(to, now - OVERDUE), now - expectDigestWithin);
}
