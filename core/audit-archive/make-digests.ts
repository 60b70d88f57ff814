import type { ArchivedObject, AuditDigest } from '../../contract/audit-digest.ts';
import { AUDIT_DIGEST_TYPE } from '../../contract/audit-digest.ts';
import { signedJws } from '../jws.ts';
import type { Signer, VerificationKeys } from '../ports.ts';
import { sha256 } from './chain.ts';
import { describeObject, readDigest } from './digest.ts';
import { DIGESTS, dayPrefix, digestKey, firstEventAt, HOUR, hourPrefix, LATEST } from './names.ts';
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
 * A digest names what no earlier one does. An object may come late, so the last 26 hours are looked through each time.
 *
 * @param now milliseconds
 * @param sealNow makes one more, up to this second
 * @returns the names of those that were made
 * @throws when the digests there are do not verify: what they cover is not known then
 */
export async function makeDigests(
  { now, sealNow = false }: { now: number; sealNow?: boolean },
  { objects, signer, keys }: MakeDigestsPorts,
): Promise<string[]> {
  const { last, covered } = await madeBefore(now, objects, keys);
  const from = last?.to ?? Math.floor(now / HOUR) * HOUR - HOUR;
  const ends = endsAfter(from, now, sealNow);
  const latest = ends.at(-1);
  if (latest === undefined) return [];

  const open = (await namesBetween(from - LATEST, latest, objects)).filter((key) => !covered.has(key));
  const made: string[] = [];
  let previous = last && { key: last.key, sha256: last.sha256 };
  let start = from;
  for (const end of ends) {
    const due = open.filter((key) => hourOf(key) < end);
    const digest: AuditDigest = {
      version: '1',
      from: new Date(start).toISOString(),
      to: new Date(end).toISOString(),
      previous: previous ?? null,
      objects: await described(due, objects),
    };
    const key = digestKey(start);
    const jws = await signedJws(signer, AUDIT_DIGEST_TYPE, digest);
    // Another run was quicker: what it named may be what was found here, so the next run starts over from there.
    if (!(await objects.putNew(key, jws))) break;
    made.push(key);
    open.splice(0, open.length, ...open.filter((other) => !due.includes(other)));
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
      throw new Error(`the digest ${key} does not verify: see «Prove it» in docs/audit.md`);
    }
    const to = Date.parse(digest.to);
    last ??= { key, sha256: sha256(content), to };
    if (to <= last.to - LATEST - HOUR) break;
    for (const object of digest.objects) covered.add(object.key);
  }
  return { ...(last && { last }), covered };
}

/** The names of digests: of the last month; of all time, where that has none. */
async function digestNames(now: number, objects: ArchiveObjects): Promise<string[]> {
  const lately = await all(objects.list(DIGESTS, dayPrefix(DIGESTS, now - 31 * 24 * HOUR)));
  return lately.length > 0 ? lately : all(objects.list(DIGESTS));
}

/** The full hours after `from`, until `now`; and `now` itself, in whole seconds, when it is to be sealed. */
function endsAfter(from: number, now: number, sealNow: boolean): number[] {
  const ends: number[] = [];
  const first = Math.floor(from / HOUR) * HOUR + HOUR;
  for (let end = first; end <= now && ends.length < MOST; end += HOUR) ends.push(end);
  const second = Math.floor(now / 1000) * 1000;
  if (sealNow && ends.length < MOST && second > (ends.at(-1) ?? from)) ends.push(second);
  return ends;
}

/** The objects of the hours between two times. */
async function namesBetween(from: number, to: number, objects: ArchiveObjects): Promise<string[]> {
  const names: string[] = [];
  for (let hour = Math.floor(from / HOUR) * HOUR; hour < to; hour += HOUR) {
    names.push(...(await all(objects.list(hourPrefix(hour)))));
  }
  return names;
}

/** The beginning of the hour that an object lies in; of what the archive did not name, no hour is ever over. */
function hourOf(key: string): number {
  const at = firstEventAt(key);
  return at === undefined ? Number.POSITIVE_INFINITY : Math.floor(at / HOUR) * HOUR;
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
