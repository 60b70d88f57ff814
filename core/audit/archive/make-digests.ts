import type { ArchivedObject, AuditDigest } from '@tvm/contract/audit-digest.ts';
import { AUDIT_DIGEST_TYPE } from '@tvm/contract/audit-digest.ts';
import { signedJws } from '../../keys/jws.ts';
import type { Signer, VerificationKeys } from '../../keys/ports.ts';
import { sha256 } from './chain.ts';
import { describeObject, readDigest } from './digest.ts';
import {
  DIGESTS,
  dayPrefix,
  digestKey,
  firstEventAt,
  HOUR,
  hourOf,
  hourPrefix,
  LATEST,
  SETTLING,
  SKEW,
} from './names.ts';
import type { ArchiveObjects } from './ports.ts';

/** Maximum number of digests per run: more than the hours of a week. */
const MAX_DIGESTS = 200;

/** Maximum number of concurrent reads. */
const CONCURRENCY = 8;

export interface MakeDigestsPorts {
  objects: ArchiveObjects;
  /** The key for digests. It signs nothing else. */
  signer: Signer;
  /** Public keys for digests. */
  keys: VerificationKeys;
}

/**
 * Writes the digests that are due, in order: one for each past hour without a digest, even if it has no events.
 *
 * A digest covers the objects that no earlier digest covers. Because objects may be late, each run lists the last 26
 * hours.
 *
 * @param now current time in milliseconds since the epoch
 * @param sealNow writes an additional digest that covers all current objects. Its end is some minutes ago, so that
 *   objects that are still being written are newer than its end and do not count as late
 * @returns the names of the new digests
 * @throws if an existing digest is invalid, because then the covered objects are unknown
 */
export async function makeDigests(
  { now, sealNow = false }: { now: number; sealNow?: boolean },
  { objects, signer, keys }: MakeDigestsPorts,
): Promise<string[]> {
  const { last, covered } = await existingDigests(now, objects, keys);
  const from = last?.to ?? hourOf(now) - HOUR;
  const due = dueDigests(from, now, sealNow);
  const latest = due.at(-1)?.before;
  if (latest === undefined) return [];

  const uncovered = (await namesBetween(from - LATEST, latest, objects)).filter((key) => !covered.has(key));
  const made: string[] = [];
  let previous = last && { key: last.key, sha256: last.sha256 };
  let start = from;
  for (const { end, before } of due) {
    const named = uncovered.filter((key) => (firstEventAt(key) ?? Number.POSITIVE_INFINITY) < before);
    const digest: AuditDigest = {
      version: '1',
      from: new Date(start).toISOString(),
      to: new Date(end).toISOString(),
      previous: previous ?? null,
      objects: await described(named, objects),
    };
    const key = digestKey(start);
    const jws = await signedJws(signer, AUDIT_DIGEST_TYPE, digest);
    // A concurrent run wrote this digest and may cover the same objects. The next run continues from there.
    if (!(await objects.putNew(key, jws))) break;
    made.push(key);
    uncovered.splice(0, uncovered.length, ...uncovered.filter((other) => !named.includes(other)));
    previous = { key, sha256: sha256(jws) };
    start = end;
  }
  return made;
}

interface LastDigest {
  key: string;
  sha256: string;
  to: number;
}

/** The last digest, and all covered objects that a new digest could otherwise cover again. */
async function existingDigests(
  now: number,
  objects: ArchiveObjects,
  keys: VerificationKeys,
): Promise<{ last?: LastDigest; covered: Set<string> }> {
  const names = await digestNames(now, objects);
  const covered = new Set<string>();
  let last: LastDigest | undefined;
  // Read backwards from the last digest, until earlier digests cannot cover an object that is listed now.
  for (const key of names.reverse()) {
    const content = await objects.get(key);
    const digest = content && (await readDigest(content, await keys.jwks()));
    if (content === undefined || digest === undefined || typeof digest === 'string') {
      throw new Error(`the digest ${key} is not valid; see «Prove it» in docs/how-to/prove-the-archive.md`);
    }
    const to = Date.parse(digest.to);
    last ??= { key, sha256: sha256(content), to };
    // The oldest listed hour starts up to 27 hours earlier. A digest of `sealNow` covers objects up to an hour after
    // its end.
    if (to <= last.to - LATEST - 2 * HOUR) break;
    for (const object of digest.objects) covered.add(object.key);
  }
  return { ...(last && { last }), covered };
}

/** The names of the digests of the last month, or of all digests if that month has none. */
async function digestNames(now: number, objects: ArchiveObjects): Promise<string[]> {
  const recent = await all(objects.list(DIGESTS, dayPrefix(DIGESTS, now - 31 * 24 * HOUR)));
  return recent.length > 0 ? recent : all(objects.list(DIGESTS));
}

/** A digest to write: its end, and the upper bound for the first events of its objects. In milliseconds. */
interface DueDigest {
  end: number;
  before: number;
}

/**
 * The digests for past hours since `from`. With `sealNow`, only for hours whose objects have all arrived, and one
 * digest for all current objects.
 */
function dueDigests(from: number, now: number, sealNow: boolean): DueDigest[] {
  const due: DueDigest[] = [];
  const until = sealNow ? Math.floor((now - SETTLING) / 1000) * 1000 : now;
  for (let end = hourOf(from) + HOUR; end <= until && due.length < MAX_DIGESTS; end += HOUR)
    due.push({ end, before: end });
  const sealed = Math.max(until, (due.at(-1)?.end ?? from) + 1000);
  if (sealNow && due.length < MAX_DIGESTS && sealed <= now) due.push({ end: sealed, before: now + SKEW });
  return due;
}

/** The names of the objects of the hours between two times. */
async function namesBetween(from: number, to: number, objects: ArchiveObjects): Promise<string[]> {
  const names: string[] = [];
  for (let hour = hourOf(from); hour < to; hour += HOUR) {
    names.push(...(await all(objects.list(hourPrefix(hour)))));
  }
  return names;
}

async function described(names: readonly string[], objects: ArchiveObjects): Promise<ArchivedObject[]> {
  const descriptions: ArchivedObject[] = [];
  for (let index = 0; index < names.length; index += CONCURRENCY) {
    const some = names.slice(index, index + CONCURRENCY).map(async (key) => {
      const content = await objects.get(key);
      if (content === undefined) throw new Error(`${key} was listed but no longer exists`);
      return describeObject(key, content);
    });
    descriptions.push(...(await Promise.all(some)));
  }
  return descriptions;
}

async function all(names: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const name of names) list.push(name);
  return list;
}
