import { parseDuration } from '@tvm/contract/duration.ts';
import { moment } from '@tvm/contract/selector.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/**
 * Parses a time from the command line: `2026-11-22T09:30:00Z`, a date such as `2026-11-22` (00:00 UTC), or a duration.
 *
 * @param option the name of the option, such as `--from`
 * @param now the base for durations, in milliseconds since the epoch
 * @param way whether a duration is before or after `now`
 * @returns an ISO 8601 time; `undefined` if the option is not given
 * @throws {Failure} if the time is invalid; the message names the option
 */
export function readMoment(
  option: string,
  text: string | undefined,
  now: number,
  way: 'ago' | 'ahead' = 'ago',
): string | undefined {
  if (text === undefined || moment.safeParse(text).success) return text;
  const day = `${text}T00:00:00Z`;
  if (moment.safeParse(day).success) return day;
  const seconds = parseDuration(text);
  if (seconds !== undefined) {
    const time = new Date(now + (way === 'ago' ? -1 : 1) * seconds * 1000);
    if (!Number.isNaN(time.getTime())) return time.toISOString();
  }
  throw usageFailure(
    `${option} must be a time such as 2026-11-22T09:30:00Z, a date, or a duration such as 10m`,
    option,
  );
}
