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
  /** Milliseconds. Default: the beginning. */
  from?: number;
  /** Milliseconds. Digests must reach up to this time, or the next one must not be overdue yet. */
  to: number;
  /** Milliseconds. */
  now: number;
  /** How long ago the newest digest may end at most, in milliseconds. Default: until the next one is overdue. */
  expectDigestWithin?: number | undefined;
  /** Is told each finding as it is found. */
  found(finding: Finding): void;
}

/** What was looked at. */
export interface Verified {
  /** Verified digests that overlap the time that was asked for. */
  digests: number;
  /** Objects of this time that a digest names, and their records. */
  objects: number;
  records: number;
  findings: number;
  /** What these digests cover; absent if there are none. */
  covered?: { from: string; to: string };
  /** Pending objects that were read. */
  uncovered: number;
  /** All objects of the archive, by class. */
  classes: Record<ObjectClass, number>;
  /** What could not be judged, a sentence each. An archive is proven only if this is empty and there is no finding. */
  notJudged: string[];
}

/**
 * Verifies the archive: that each digest is signed and follows the one before, that each object is what a digest says, and
 * that there is no other object.
 *
 * Digests and names are always checked for the whole archive: an object is reported wherever it was added. `from` and `to`
 * say which objects are read and missed. An event may be in an object of up to 26 hours before or after it, so that many
 * more objects are read; that one of those is missing is not reported.
 *
 * It reads one object after another; what it holds does not grow with the archive.
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
  /** Whether an object must be there. */
  const wanted = ({ at, statement }: ClassifiedObject) =>
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
    // One that must be there is read also if it is not listed: the listing may be older than the digest.
    const isWanted = wanted(object);
    if (!isWanted && !(listed && inReach)) continue;
    if (statement === undefined) result.uncovered += 1;
    else if (isWanted) {
      result.objects += 1;
      result.records += statement.object.records;
    }
    const content = await archive.get(key);
    if (content !== undefined) checkContent(object, content, now).forEach(found);
    else found({ kind: 'object-removed', key, what: removed(object) });
  }

  if (result.covered === undefined) {
    found({ kind: 'digest-missing', key: DIGESTS, what: 'There is no digest of this time.' });
  } else if (reach !== undefined && reach < newestEnd(input)) {
    const what = `The newest digest ends at ${new Date(reach).toISOString()}; nothing vouches for what came then.`;
    found({ kind: 'digest-missing', key: digestKey(reach), what });
  }
  return result;
}

function removed({ statement }: ClassifiedObject): string {
  return statement === undefined
    ? 'It was listed; it is not there.'
    : `The digest ${statement.digest.key} names it; it is not there.`;
}

const CHAIN_MAY_BE_RESTARTED =
  'Whether the chain of digests was restarted: the keys name no first digest. `tvm audit keys` writes a file that does.';

/** Where the newest digest must end at the earliest. */
function newestEnd({ to, now, expectDigestWithin = Number.POSITIVE_INFINITY }: VerifyArchiveInput): number {
  return Math.max(Math.min(to, now - OVERDUE), now - expectDigestWithin);
}
