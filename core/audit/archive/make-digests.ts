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

/** The most digests that one run makes up for: over a week of hours. */
const MOST = 200;

/** Objects that are read at the same time. */
const AT_ONCE = 8;

export interface MakeDigestsPorts {
  objects: ArchiveObjects;
  /** Signs digests, and nothing else. */
  signer: Signer;
  /** The public half of that. */
  keys: VerificationKeys;
}

/**
 * Makes the digests that are due: one for each hour that is over and has none, in order, whether it has events or not.
 *
 * A digest names the objects that no earlier one names. An object may come late, so the last 26 hours are listed each time.
 *
 * @param now milliseconds
 * @param sealNow makes one more, which names every object there is now. It ends some minutes ago, so that an object
 *   which is still on its way is newer than its end, and not late
 * @returns the names of those that were made
 * @throws when the digests there are do not verify: what they cover is not known then
 */
export async function makeDigests(
  { now, sealNow = false }: { now: number; sealNow?: boolean },
  { objects, signer, keys }: MakeDigestsPorts,
): Promise<string[]> {
  const { last, covered } = await madeBefore(now, objects, keys);
  const from = last?.to ?? hourOf(now) - HOUR;
  const due = dueDigests(from, now, sealNow);
  const latest = due.at(-1)?.before;
  if (latest === undefined) return [];

  const open = (await namesBetween(from - LATEST, latest, objects)).filter((key) => !covered.has(key));
  const made: string[] = [];
  let previous = last && { key: last.key, sha256: last.sha256 };
  let start = from;
  for (const { end, before } of due) {
    const named = open.filter((key) => (firstEventAt(key) ?? Number.POSITIVE_INFINITY) < before);
    const digest: AuditDigest = {
      version: '1',
      from: new Date(start).toISOString(),
      to: new Date(end).toISOString(),
      previous: previous ?? null,
      objects: await described(named, objects),
    };
    const key = digestKey(start);
    const jws = await signedJws(signer, AUDIT_DIGEST_TYPE, digest);
    // Another run was quicker: what it named may be what was found here, so the next run starts over from there.
    if (!(await objects.putNew(key, jws))) break;
    made.push(key);
    open.splice(0, open.length, ...open.filter((other) => !named.includes(other)));
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

/** The last digest, and what is named by those that may name objects which a new one might. */
async function madeBefore(
  now: number,
  objects: ArchiveObjects,
  keys: VerificationKeys,
): Promise<{ last?: LastDigest; covered: Set<string> }> {
  const names = await digestNames(now, objects);
  const covered = new Set<string>();
  let last: LastDigest | undefined;
  // From the last one backwards, until none can name an object that might be found now.
  for (const key of names.reverse()) {
    const content = await objects.get(key);
    const digest = content && (await readDigest(content, await keys.jwks()));
    if (content === undefined || digest === undefined || typeof digest === 'string') {
      throw new Error(`the digest ${key} does not verify: see docs/how-to/prove-the-archive.md`);
    }
    const to = Date.parse(digest.to);
    last ??= { key, sha256: sha256(content), to };
    // The oldest hour that is listed begins up to 27 hours before; a seal names objects of up to an hour after its end.
    if (to <= last.to - LATEST - 2 * HOUR) break;
    for (const object of digest.objects) covered.add(object.key);
  }
  return { ...(last && { last }), covered };
}

/** The names of digests: of the last month; of all time, where that has none. */
async function digestNames(now: number, objects: ArchiveObjects): Promise<string[]> {
  const lately = await all(objects.list(DIGESTS, dayPrefix(DIGESTS, now - 31 * 24 * HOUR)));
  return lately.length > 0 ? lately : all(objects.list(DIGESTS));
}

/** A digest to make: it ends at `end` and names objects whose first event is of before `before`. Milliseconds. */
interface DueDigest {
  end: number;
  before: number;
}

/**
 * The digests of the hours from `from` that are over; or of those that are over and settled, and one that seals what there
 * is now.
 */
function dueDigests(from: number, now: number, sealNow: boolean): DueDigest[] {
  const due: DueDigest[] = [];
  const until = sealNow ? Math.floor((now - SETTLING) / 1000) * 1000 : now;
  for (let end = hourOf(from) + HOUR; end <= until && due.length < MOST; end += HOUR) due.push({ end, before: end });
  const sealed = Math.max(until, (due.at(-1)?.end ?? from) + 1000);
  if (sealNow && due.length < MOST && sealed <= now) due.push({ end: sealed, before: now + SKEW });
  return due;
}

/** The objects of the hours between two times. */
async function namesBetween(from: number, to: number, objects: ArchiveObjects): Promise<string[]> {
  const names: string[] = [];
  for (let hour = hourOf(from); hour < to; hour += HOUR) {
    names.push(...(await all(objects.list(hourPrefix(hour)))));
  }
  return names;
}

async function described(names: readonly string[], objects: ArchiveObjects): Promise<ArchivedObject[]> {
  const descriptions: ArchivedObject[] = [];
  for (let index = 0; index < names.length; index += AT_ONCE) {
    const some = names.slice(index, index + AT_ONCE).map(async (key) => {
      const content = await objects.get(key);
      if (content === undefined) throw new Error(`${key} was there and is not any more`);
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
