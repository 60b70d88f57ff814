import type { ArchivedObject } from '@tvm/contract/audit-digest.ts';
import { checkObject, checkPending, type Finding } from './check-object.ts';
import { type AuditKeys, type VerifiedDigest, verifiedDigests } from './digest-chain.ts';
import { dayPrefix, EVENTS, firstEventAt, HOUR, hourOf, LATEST, SKEW } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/**
 * Time after the last digest's end at which the next digest is overdue, in milliseconds. A digest is written each hour,
 * up to ten minutes after the hour.
 */
export const OVERDUE = HOUR + 15 * 60_000;

/**
 * The class of an object in the archive.
 *
 * - `vouched`: a verified digest covers the object.
 * - `pending`: the object is newer than the last verified digest, so no digest has to cover it yet.
 * - `added`: all other objects. The object was added to the archive, or it is late and the next digest will cover it.
 */
export type ObjectClass = 'vouched' | 'pending' | 'added';

/**
 * Determines the class of an object. `tvm audit verify`, `query` and `export` all use this rule.
 *
 * @param at time of its first event according to its name, in milliseconds; `undefined` if the name is not valid
 * @param named whether a verified digest covers it
 * @param reach end of the last verified digest, in milliseconds
 * @param now current time in milliseconds
 */
export function classOf(at: number | undefined, named: boolean, reach: number, now: number): ObjectClass {
  if (named) return 'vouched';
  return at !== undefined && at >= reach && at <= now + SKEW ? 'pending' : 'added';
}

/** The entry for an object in a verified digest. */
interface Statement {
  object: ArchivedObject;
  digest: VerifiedDigest;
}

/** An object under `events/`, or an object that a digest covers. */
export interface ClassifiedObject {
  key: string;
  class: ObjectClass;
  /** Time of its first event according to its name, in milliseconds; `undefined` if the name is not valid. */
  at: number | undefined;
  /** `false` for an object that a digest covers and the archive does not list. */
  listed: boolean;
  /** Present if the object is vouched for. */
  statement?: Statement;
}

/** Checks the content of an object that is vouched for or pending. @param now current time in milliseconds */
export function checkContent({ key, statement }: ClassifiedObject, content: Uint8Array, now: number): Finding[] {
  return statement === undefined ? checkPending(key, content, now) : checkObject(statement.object, content);
}

/** The finding for an added object. */
export function addedObject({ key, at }: ClassifiedObject): Finding {
  const what =
    at === undefined
      ? 'Its name is not valid in the archive.'
      : 'No verified digest covers it: it was added, it is late, or its digest is missing.';
  return { kind: 'object-added', key, what };
}

export interface Classification {
  archive: ArchiveReader;
  keys: AuditKeys;
  /** Milliseconds. */
  now: number;
  /** Lists objects from this day on, in milliseconds. Default: all objects. Does not affect the class of an object. */
  since?: number;
  /** Called for each verified digest. */
  read?(digest: VerifiedDigest): void;
  /** Called for each error in the chain of digests. */
  found(finding: Finding): void;
}

/**
 * Classifies the objects of the archive in the order of their names.
 *
 * Reads all digests and lists all names, but reads no objects. At any time, only the entries of about 27 hours of
 * digests are in memory, so memory does not grow with the archive.
 */
export async function* classifiedObjects(input: Classification): AsyncGenerator<ClassifiedObject> {
  const { archive, keys, now, since, read, found } = input;
  const names = archive
    .list(EVENTS, since === undefined ? undefined : dayPrefix(EVENTS, since))
    [Symbol.asyncIterator]();
  let next: Promise<IteratorResult<string>> | undefined;
  /** Entries of digests for objects that are not classified yet, by the hour in the object's name. */
  const statements = new Map<number, Map<string, Statement>>();
  // Without any digest, objects are pending until a digest is overdue. If the key file names a first digest, none is.
  let reach = keys.firstDigest === undefined ? now - OVERDUE : Number.POSITIVE_INFINITY;

  /**
   * Classifies the objects before `time`, the start of an hour. No later digest may cover an object before this time.
   */
  async function* classifyUntil(time: number): AsyncGenerator<ClassifiedObject> {
    for (;;) {
      next ??= names.next();
      const { value: key, done } = await next;
      const at = done ? undefined : firstEventAt(key);
      if (done || (at !== undefined && at >= time)) break;
      next = undefined;
      const ofHour = statements.get(hourIn(at));
      const statement = ofHour?.get(key);
      ofHour?.delete(key);
      yield {
        key,
        class: classOf(at, statement !== undefined, reach, now),
        at,
        listed: true,
        ...(statement && { statement }),
      };
    }
    for (const [hour, ofHour] of statements) {
      if (hour >= time) continue;
      statements.delete(hour);
      for (const [key, statement] of ofHour) {
        yield { key, class: 'vouched', at: firstEventAt(key), listed: false, statement };
      }
    }
  }

  for await (const digest of verifiedDigests(archive, keys, found)) {
    read?.(digest);
    // A digest of `sealNow` covers objects that are some minutes newer than its end.
    const isNeeded = since === undefined || digest.to > since - HOUR;
    for (const object of isNeeded ? digest.digest.objects : []) {
      const hour = hourIn(firstEventAt(object.key));
      const ofHour = statements.get(hour) ?? new Map<string, Statement>();
      statements.set(hour, ofHour.set(object.key, { object, digest }));
    }
    reach = digest.to;
    yield* classifyUntil(hourOf(digest.to - LATEST));
  }
  yield* classifyUntil(Number.POSITIVE_INFINITY);
}

function hourIn(at: number | undefined): number {
  return at === undefined ? Number.NEGATIVE_INFINITY : hourOf(at);
}
