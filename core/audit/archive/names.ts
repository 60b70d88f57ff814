// Object names in the archive. Names sort by time. Athena reads the columns `dt` and `hour` from the names.

export const EVENTS = 'events/';
export const DIGESTS = 'digests/';

export const HOUR = 3_600_000;

/**
 * Maximum time between a change and the writing of its object, in milliseconds: the stream stores a change for 24
 * hours, and an invocation that starts at that point needs time to finish.
 */
export const LATEST = 26 * HOUR;

/**
 * Time until an object arrives if nothing fails, in milliseconds: the longest batching window (5 minutes), the timeout
 * of `archive-audit` (2 minutes), and one minute of margin.
 */
export const SETTLING = 8 * 60_000;

/** Maximum clock difference between the stream, the functions and the verifying computer, in milliseconds. */
export const SKEW = 5 * 60_000;

/**
 * The name of the object that starts with an event. The name is deterministic, so two invocations that start with the
 * same event choose the same name.
 *
 * @param at time at which the stream recorded the change, in milliseconds since the epoch
 */
export function eventsKey({ at, eventId }: { at: number; eventId: string }): string {
  return `${hourPrefix(at)}${compact(at)}-${eventId.replace(/[^\w-]/g, '_').slice(0, 128)}.ndjson`;
}

/** The prefix of all objects whose first event was recorded in the hour of `time` (milliseconds since the epoch). */
export function hourPrefix(time: number): string {
  const iso = new Date(time).toISOString();
  return `${EVENTS}dt=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}/`;
}

const EVENTS_KEY = /^events\/dt=(\d{4}-\d\d-\d\d)\/hour=(\d\d)\/\1T\2(\d\d)(\d\d)\.(\d{3})Z-[\w-]{1,128}\.ndjson$/;

/** Time at which an object's first event was recorded, in milliseconds; `undefined` if the name is not valid. */
export function firstEventAt(key: string): number | undefined {
  const [, day, hour, minute, second, fraction] = EVENTS_KEY.exec(key) ?? [];
  const text = `${day}T${hour}:${minute}:${second}.${fraction}Z`;
  const time = Date.parse(text);
  // Date.parse accepts 30 February and 24:00:00. Names must sort by time, so only the canonical spelling counts.
  return Number.isNaN(time) || new Date(time).toISOString() !== text ? undefined : time;
}

/** The start of the hour of a time. Both in milliseconds since the epoch. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR) * HOUR;
}

/**
 * The name of a digest, derived from the end of the previous digest. So a digest has at most one successor.
 *
 * @param from start of the digest in milliseconds since the epoch, a whole second
 */
export function digestKey(from: number): string {
  return `${dayPrefix(DIGESTS, from)}${compact(from)}.jws`;
}

/** The prefix of all names of a day. */
export function dayPrefix(root: string, time: number): string {
  return `${root}dt=${new Date(time).toISOString().slice(0, 10)}/`;
}

/** An ISO 8601 time without colons, which cause problems in file systems and URLs. */
function compact(time: number): string {
  return new Date(time).toISOString().replaceAll(':', '');
}
