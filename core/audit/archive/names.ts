// Where things lie in the archive. Names sort by time, and Athena reads `dt` and `hour` from them as columns.

export const EVENTS = 'events/';
export const DIGESTS = 'digests/';

export const HOUR = 3_600_000;

/**
 * How long after a change its object may be written at the latest, in milliseconds: the stream keeps a change for 24
 * hours, and an invocation that began then has time to end.
 */
export const LATEST = 26 * HOUR;

/**
 * How long an object takes to arrive when nothing fails, in milliseconds: the longest batching window (5 minutes) and the
 * timeout of `archive-audit` (2 minutes), plus one minute.
 */
export const SETTLING = 8 * 60_000;

/** How far the clocks of the stream, the functions and the computer that verifies may differ, in milliseconds. */
export const SKEW = 5 * 60_000;

/**
 * The name of the object whose first event is this one. Of two invocations that are given the same event next, both
 * come to the same name.
 *
 * @param at when the stream recorded the change, in milliseconds
 */
export function eventsKey({ at, eventId }: { at: number; eventId: string }): string {
  return `${hourPrefix(at)}${compact(at)}-${eventId.replace(/[^\w-]/g, '_').slice(0, 128)}.ndjson`;
}

/** What the names of all objects begin with whose first event was recorded in the hour of `time` (milliseconds). */
export function hourPrefix(time: number): string {
  const iso = new Date(time).toISOString();
  return `${EVENTS}dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
}

const EVENTS_KEY = /^events\/dt=(\d{4}-\d\d-\d\d)\/hour=(\d\d)\/\1T\2(\d\d)(\d\d)\.(\d{3})Z-[\w-]{1,128}\.ndjson$/;

/** When the first event of an object was recorded, in milliseconds; `undefined` if the archive gives no object such a name. */
export function firstEventAt(key: string): number | undefined {
  const [, day, hour, minute, second, fraction] = EVENTS_KEY.exec(key) ?? [];
  const text = `${day}T${hour}:${minute}:${second}.${fraction}Z`;
  const time = Date.parse(text);
  // Date.parse accepts 30 February and 24:00:00. Names must sort by time, so only the canonical spelling counts.
  return Number.isNaN(time) || new Date(time).toISOString() !== text ? undefined : time;
}

/** The beginning of the hour of a time. Milliseconds. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}

/**
 * The name of a digest: by where the one before ends. So a digest has at most one successor, whoever makes it.
 *
 * @param from milliseconds, of a whole second
 */
export function digestKey(from: number): string {
  return `${dayPrefix(DIGESTS, from)}${compact(from)}.jws`;
}

/** What the names of a day begin with. */
export function dayPrefix(root: string, time: number): string {
  return `${root}dt=${new Date(time).toISOString().slice(0, 10)}/`;
}

/** A time without the colons that file systems and URLs trip over. */
function compact(time: number): string {
  return new Date(time).toISOString().replaceAll(':', '');
}
