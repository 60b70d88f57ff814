import type { WindowDefinition } from '@tvm/core/policy/bundle.ts';
import type { LocalTime, RequestContext } from '@tvm/core/policy/request-context.ts';
import type { PolicyDirectory } from '../directory.ts';
import type { Choice, Reads } from './circumstance.ts';
import type { Literals } from './literals.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The Mondays of two weeks: one with standard time and one with daylight saving time in the northern hemisphere. */
const WEEKS_FROM = [Date.parse('2026-01-05T00:00:00Z'), Date.parse('2026-07-06T00:00:00Z')];

/** The time of a request if the time does not matter. */
export const NOON = Date.parse('2026-01-05T12:00:00Z');

/** Returns the times at which windows may differ: those of two weeks, and the limits of one-time windows. */
export function momentsOf(windows: readonly WindowDefinition[]): number[] {
  const once = windows.flatMap((window) => (window.kind === 'once' ? [window.from, window.to, window.to - 1] : []));
  const edges = windows.flatMap((window) => (window.kind === 'weekly' ? [window.from, window.to] : []));
  // The offsets of time zones are multiples of a quarter of an hour.
  const inQuarter = [...new Set([0, 5, 10, ...edges.map((edge) => edge % 15)])];
  const quarters = WEEKS_FROM.flatMap((from) =>
    Array.from({ length: 7 * 24 * 4 }, (_, quarter) => from + quarter * 15 * MINUTE),
  );
  return [NOON, ...quarters.flatMap((quarter) => inQuarter.map((minute) => quarter + minute * MINUTE)), ...once];
}

/** Returns a function that finds the times of requests that conditions can distinguish. */
export function timesIn(
  directories: readonly PolicyDirectory[],
  around: readonly RequestContext[],
): (literals: Literals, reads: Reads) => Choice[] {
  const openAt = (time: number) => ({ time, windows: JSON.stringify(around.map((one) => one.openWindows(time))) });
  let known: { time: number; windows: string }[] | undefined;

  return (literals, reads) => {
    if (!reads('time', 'local', 'windows')) return [at(NOON)];
    known ??= momentsOf(directories.flatMap(({ content }) => Object.values(content.windows))).map(openAt);
    const durations = literals.arguments('duration').flatMap((text) => cedarDuration(text) ?? []);
    const spans = new Set([0, DAY, ...durations].flatMap((span) => [span, -span]));
    const named = literals
      .arguments('datetime')
      .map((text) => Date.parse(text))
      .filter(Number.isFinite);
    const dates = [...new Set(named.flatMap((date) => [...spans].map((span) => date + span)))];
    const inDay = durations.map((span) => ((span % DAY) + DAY) % DAY);
    const beside = (moment: number) => [moment - 1, moment, moment + 1];
    const candidates = [
      ...known,
      ...[...dates, ...inDay.map((span) => NOON - 12 * HOUR + span)].flatMap(beside).map(openAt),
    ];
    const localRank = localRankOf(literals, reads);
    const apart = new Map<string, number>();
    for (const { time, windows } of candidates) {
      const local = around.map((one) => localRank?.(one.localTime(time)));
      const key = JSON.stringify([reads('windows') && windows, local, rank(time, dates), rank(time % DAY, inDay)]);
      if (!apart.has(key)) apart.set(key, time);
    }
    return [...apart.values()].map(at);
  };
}

/** Returns a function that reduces a local time to what conditions read of it, or `undefined` if they read nothing. */
function localRankOf(literals: Literals, reads: Reads): ((time: LocalTime) => unknown) | undefined {
  if (!reads('local')) return undefined;
  const hours = literals.numbers('context.local.hour');
  const minutes = literals.numbers('context.local.minute');
  // For conditions such as `context.local.hour * 60 + context.local.minute < 570`.
  const minutesOfDay = literals.numbersNear('context.local').filter((number) => number > 60);
  const tellsWeekday = reads('weekday') || !reads('hour', 'minute');
  return ({ weekday, minutes: inDay }) => [
    tellsWeekday && weekday,
    rank(Math.floor(inDay / 60), hours),
    rank(inDay % 60, minutes),
    rank(inDay, minutesOfDay),
  ];
}

/**
 * Parses a Cedar duration such as `9h30m` or `-1d` to milliseconds.
 *
 * @see https://docs.cedarpolicy.com/policies/syntax-datatypes.html
 */
export function cedarDuration(text: string): number | undefined {
  const match = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, ...counts] = match;
  const units = [DAY, HOUR, MINUTE, 1000, 1];
  const sum = units.reduce((sum, unit, index) => sum + unit * Number(counts[index] ?? 0), 0);
  return sign === '-' ? -sum : sum;
}

function at(time: number): Choice {
  return {
    title: `at ${new Date(time).toISOString()}`,
    set: ({ context }) => {
      context.time = time;
    },
  };
}

/** Returns a number that identifies the thresholds between which a value is, or the threshold that it equals. */
function rank(value: number, thresholds: readonly number[]): number {
  return thresholds.reduce((sum, threshold) => sum + (value > threshold ? 2 : value === threshold ? 1 : 0), 0);
}
