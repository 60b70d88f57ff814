import { hash } from 'node:crypto';

/** Length of a window in minutes. */
export const WINDOW = 5;

/** Number of minutes with stored counts. An event that is older is not counted. */
export const MINUTES = 60;

/** Number of hours with a stored peak: a week, so that every weekday is included. */
const HOURS = 168;

/** Maximum number of entries of each kind in a profile. */
export const BOUNDS = { marks: 128, networks: 64, resources: 128, reported: 8 } as const;

/** Days after which an unused network or resource is removed from a profile. */
const DAYS = 30;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The kinds of events that are counted per minute. */
export type Counted = 'issued' | 'denied' | 'beyondGrants';
type Minute = [minute: number, issued: number, denied: number, beyondGrants: number];
const INDEX = { issued: 1, denied: 2, beyondGrants: 3 } as const;

/**
 * The recent behaviour of a workload, or of all workloads together, from which detectors derive what is usual. Its size
 * is bounded. Names are stored as marks: short hashes that do not reveal the names.
 */
export interface Profile {
  /** Time of the first observation, in milliseconds since the epoch. */
  since: number;
  /** Counts of the last hour, in order. Minutes without events are absent. */
  minutes: Minute[];
  /**
   * Peaks of the last week: for each hour, the largest count of a window that ended in it. The last one is `hour`'s.
   */
  hours: { hour: number; issued: number[]; denied: number[] };
  /** Day (since the epoch) of the last use, by mark. */
  networks: Record<string, number>;
  resources: Record<string, number>;
  /** Time and severity of recently reported findings, by detector and by the mark of {@link Finding.about}. */
  reported: Record<string, Record<string, [time: number, rank: number]>>;
  /** Marks of the last counted events, the newest last. Used to ignore repeated events. */
  marks: string[];
}

export function newProfile(since: number): Profile {
  const hours = { hour: hourOf(minuteOf(since)), issued: [], denied: [] };
  return { since, minutes: [], hours, networks: {}, resources: {}, reported: {}, marks: [] };
}

/** Returns a copy that the caller may modify. */
export function copyOf({ since, minutes, hours, networks, resources, reported, marks }: Profile): Profile {
  return {
    since,
    minutes: minutes.map((minute): Minute => [...minute]),
    hours: { ...hours },
    networks: { ...networks },
    resources: { ...resources },
    reported: Object.fromEntries(Object.entries(reported).map(([detector, findings]) => [detector, { ...findings }])),
    marks: [...marks],
  };
}

export function minuteOf(time: number): number {
  return Math.floor(time / MINUTE_MS);
}

/** The mark of a name: 48 bits of its hash. */
export function mark(name: string): string {
  return hash('sha256', name, 'base64url').slice(0, 8);
}

/** The count in the window that ends with a minute. */
export function inWindow({ minutes }: Profile, counted: Counted, minute: number): number {
  let sum = 0;
  for (const one of minutes) if (one[0] > minute - WINDOW && one[0] <= minute) sum += one[INDEX[counted]];
  return sum;
}

/**
 * The usual peak of a window: the third highest of the last week's hourly peaks, without the hour of the minute itself.
 * So a nightly batch is usual from its fourth night on, and one or two unusual hours have no effect.
 */
export function usualPeak({ hours }: Profile, counted: 'issued' | 'denied', minute: number): number {
  const peaks = hours[counted];
  const before = peaks.slice(0, Math.max(0, peaks.length - 1 - (hours.hour - hourOf(minute))));
  return before.sort((a, b) => b - a)[2] ?? 0;
}

/** Increments a count of a minute in the profile. */
export function count(profile: Profile, minute: number, counted: Counted): void {
  const { minutes } = profile;
  let at = minutes.length;
  while (at > 0 && (minutes[at - 1]?.[0] ?? 0) >= minute) at--;
  let own = minutes[at];
  if (own === undefined || own[0] !== minute) {
    own = [minute, 0, 0, 0];
    minutes.splice(at, 0, own);
  }
  own[INDEX[counted]]++;
}

/** Updates the hourly peaks in the profile with the window that ends with a minute. */
export function notePeak(profile: Profile, minute: number): void {
  const { hours } = profile;
  const hour = hourOf(minute);
  for (const counted of ['issued', 'denied'] as const) {
    const later = Math.min(HOURS, Math.max(0, hour - hours.hour));
    const peaks = [...(hours[counted].length === 0 ? [0] : hours[counted]), ...Array<number>(later).fill(0)];
    const at = peaks.length - 1 - Math.max(0, hours.hour - hour);
    if (at >= 0) peaks[at] = Math.max(peaks[at] ?? 0, inWindow(profile, counted, minute));
    hours[counted] = peaks.slice(-HOURS);
  }
  hours.hour = Math.max(hours.hour, hour);
}

/** Records the use of a name in `seen`. If there are too many names, removes the least recently used one. */
export function noteSeen(seen: Record<string, number>, name: string, time: number, max: number): void {
  const own = mark(name);
  const before = seen[own];
  seen[own] = Math.max(before ?? 0, Math.floor(time / DAY_MS));
  if (before !== undefined) return;
  const marks = Object.keys(seen);
  if (marks.length <= max) return;
  const oldest = marks.filter((one) => one !== own).reduce((a, b) => ((seen[b] ?? 0) < (seen[a] ?? 0) ? b : a));
  delete seen[oldest];
}

/** Removes expired data from the profile. */
export function forget(profile: Profile, now: number, coolDown: number): void {
  profile.minutes = profile.minutes.filter(([minute]) => minute > minuteOf(now) - MINUTES);
  profile.marks = profile.marks.slice(-BOUNDS.marks);
  const day = Math.floor(now / DAY_MS);
  for (const seen of [profile.networks, profile.resources]) {
    for (const [name, last] of Object.entries(seen)) if (last < day - DAYS) delete seen[name];
  }
  for (const [detector, findings] of Object.entries(profile.reported)) {
    for (const [about, [time]] of Object.entries(findings)) if (now - time >= coolDown * 1000) delete findings[about];
    if (Object.keys(findings).length === 0) delete profile.reported[detector];
  }
}

function hourOf(minute: number): number {
  return Math.floor(minute / 60);
}
