import { hash } from 'node:crypto';

/** Windows are so many minutes long. */
export const WINDOW = 5;

/** Minutes whose counts are kept, and so how late an event may come to be counted. */
export const MINUTES = 60;

/** Hours whose busiest window is kept: a week, so that every weekday is in it. */
const HOURS = 168;

/** The most of each that a profile keeps. */
export const BOUNDS = { marks: 128, networks: 64, resources: 128, reported: 8 } as const;

/** Networks and resources are forgotten so many days after they were seen last. */
const DAYS = 30;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What is counted in a minute. */
export type Counted = 'issued' | 'denied' | 'beyondGrants';
type Minute = [minute: number, issued: number, denied: number, beyondGrants: number];
const PLACE = { issued: 1, denied: 2, beyondGrants: 3 } as const;

/**
 * What is remembered of a workload, or of all of them together, so as to know what is usual. It is small, and bounded
 * whatever happens. Names are kept as marks, which are short and tell nobody what they were.
 */
export interface Profile {
  /** When it was first seen (milliseconds). */
  since: number;
  /** The last hour's minutes with something in them, in order. */
  minutes: Minute[];
  /** The most there was in one window that ended in each hour of the last week; the last is that of `hour`. */
  hours: { hour: number; issued: number[]; denied: number[] };
  /** By mark, the day (since the epoch) that each was last seen. */
  networks: Record<string, number>;
  resources: Record<string, number>;
  /** Findings lately reported, by detector and the mark of what they were about: when, and how severe. */
  reported: Record<string, Record<string, [time: number, rank: number]>>;
  /** Marks of the last events that were counted, the newest last: one that comes again is not counted again. */
  marks: string[];
}

export function newProfile(since: number): Profile {
  const hours = { hour: hourOf(minuteOf(since)), issued: [], denied: [] };
  return { since, minutes: [], hours, networks: {}, resources: {}, reported: {}, marks: [] };
}

/** The same, to be changed. */
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

/** 48 bits of a name's hash. */
export function mark(name: string): string {
  return hash('sha256', name, 'base64url').slice(0, 8);
}

/** How many there were in the window that ends with a minute. */
export function inWindow({ minutes }: Profile, counted: Counted, minute: number): number {
  let sum = 0;
  for (const one of minutes) if (one[0] > minute - WINDOW && one[0] <= minute) sum += one[PLACE[counted]];
  return sum;
}

/**
 * What is usual in a window: as many as in the third busiest of the last week's hours, without the one that the minute
 * is in. A batch of every night is usual from its fourth night on; one odd hour, or two, make nothing usual.
 */
export function usualPeak({ hours }: Profile, counted: 'issued' | 'denied', minute: number): number {
  const peaks = hours[counted];
  const before = peaks.slice(0, Math.max(0, peaks.length - 1 - (hours.hour - hourOf(minute))));
  return before.sort((a, b) => b - a)[2] ?? 0;
}

/** Counts in a minute. It changes the profile. */
export function count(profile: Profile, minute: number, counted: Counted): void {
  const { minutes } = profile;
  let at = minutes.length;
  while (at > 0 && (minutes[at - 1]?.[0] ?? 0) >= minute) at--;
  let own = minutes[at];
  if (own === undefined || own[0] !== minute) {
    own = [minute, 0, 0, 0];
    minutes.splice(at, 0, own);
  }
  own[PLACE[counted]]++;
}

/** Notes how busy the window is that ends with a minute. It changes the profile. */
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

/** Notes that something was seen. It changes what was seen so far; the longest unseen gives way. */
export function noteSeen(seen: Record<string, number>, name: string, time: number, most: number): void {
  const own = mark(name);
  const before = seen[own];
  seen[own] = Math.max(before ?? 0, Math.floor(time / DAY_MS));
  if (before !== undefined) return;
  const marks = Object.keys(seen);
  if (marks.length <= most) return;
  const oldest = marks.filter((one) => one !== own).reduce((a, b) => ((seen[b] ?? 0) < (seen[a] ?? 0) ? b : a));
  delete seen[oldest];
}

/** Forgets what is too old to matter. It changes the profile. */
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
