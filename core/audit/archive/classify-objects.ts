import type { ArchivedObject } from '@tvm/contract/audit-digest.ts';
import { checkObject, checkPending, type Finding } from './check-object.ts';
import { type AuditKeys, type VerifiedDigest, verifiedDigests } from './digest-chain.ts';
import { dayPrefix, EVENTS, firstEventAt, HOUR, hourOf, LATEST, SKEW } from './names.ts';
import type { ArchiveReader } from './ports.ts';

/**
 * How long after the last digest's end the next one is overdue, in milliseconds: a digest is made each hour, up to ten
 * minutes after the hour.
 */
export const OVERDUE = HOUR + 15 * 60_000;

/**
 * What an object of the archive is.
 *
 * - `vouched`: a verified digest names it.
 * - `pending`: no digest names it yet and none has to: it is newer than the last verified digest.
 * - `added`: everything else. It was added to the archive, or it is late and the next digest will name it.
 */
export type ObjectClass = 'vouched' | 'pending' | 'added';

/**
 * The class of an object. This is the only rule: `tvm audit verify`, `query` and `export` all use it.
 *
 * @param at when its first event was recorded, by its name; `undefined` if the archive gives no such name
 * @param named whether a verified digest names it
 * @param reach where the last verified digest ends
 * @param now times are in milliseconds
 */
export function classOf(at: number | undefined, named: boolean, reach: number, now: number): ObjectClass {
  if (named) return 'vouched';
  return at !== undefined && at >= reach && at <= now + SKEW ? 'pending' : 'added';
}

/** What a verified digest says of an object. */
interface Statement {
  object: ArchivedObject;
  digest: VerifiedDigest;
}

/** An object under `events/`, or one that a digest names. */
export interface ClassifiedObject {
  key: string;
  class: ObjectClass;
  /** When its first event was recorded, by its name, in milliseconds; `undefined` if the archive gives no such name. */
  at: number | undefined;
  /** `false` for an object that a digest names and the archive does not list. */
  listed: boolean;
  /** Present if it is vouched for. */
  statement?: Statement;
}

/** What is wrong with the content of an object that is vouched for or pending. @param now milliseconds */
export function checkContent({ key, statement }: ClassifiedObject, content: Uint8Array, now: number): Finding[] {
  return statement === undefined ? checkPending(key, content, now) : checkObject(statement.object, content);
}

/** The finding that an added object is. */
export function addedObject({ key, at }: ClassifiedObject): Finding {
  const what =
    at === undefined
      ? 'The archive gives no such name.'
      : 'No verified digest names it: it was added, it is late, or its digest is missing.';
  return { kind: 'object-added', key, what };
}

export interface Classification {
  archive: ArchiveReader;
  keys: AuditKeys;
  /** Milliseconds. */
  now: number;
  /** Lists objects from this day on; milliseconds. Default: all. It changes no object's class. */
  since?: number;
  /** Is told each verified digest. */
  read?(digest: VerifiedDigest): void;
  /** Is told each fault of the chain of digests. */
  found(finding: Finding): void;
}

/**
 * Classifies the objects of the archive, in the order of their names.
 *
 * It reads every digest, lists names, and reads no object. It holds what the digests of about 27 hours name, however long
 * the archive is.
 */
export async function* classifiedObjects(input: Classification): AsyncGenerator<ClassifiedObject> {
  const { archive, keys, now, since, read, found } = input;
  const names = archive
    .list(EVENTS, since === undefined ? undefined : dayPrefix(EVENTS, since))
    [Symbol.asyncIterator]();
  let next: Promise<IteratorResult<string>> | undefined;
  /** What digests say of objects that are not settled, by the hour in the object's name. */
  const statements = new Map<number, Map<string, Statement>>();
  // Without a digest, nothing older than a digest may take is pending; if the key file names a first digest, nothing is.
  let reach = keys.firstDigest === undefined ? now - OVERDUE : Number.POSITIVE_INFINITY;

  /** @param time the beginning of an hour: no digest still to come names an object of before it */
  async function* settleUntil(time: number): AsyncGenerator<ClassifiedObject> {
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
    // A seal names what is newer than its end, by minutes.
    const isNeeded = since === undefined || digest.to > since - HOUR;
    for (const object of isNeeded ? digest.digest.objects : []) {
      const hour = hourIn(firstEventAt(object.key));
      const ofHour = statements.get(hour) ?? new Map<string, Statement>();
      statements.set(hour, ofHour.set(object.key, { object, digest }));
    }
    reach = digest.to;
    yield* settleUntil(hourOf(digest.to - LATEST));
  }
  yield* settleUntil(Number.POSITIVE_INFINITY);
}

function hourIn(at: number | undefined): number {
  return at === undefined ? Number.NEGATIVE_INFINITY : hourOf(at);
}
