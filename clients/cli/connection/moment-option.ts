import { parseDuration } from '@tvm/contract/duration.ts';
import { moment } from '@tvm/contract/selector.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/**
 * Reads a time of the command line: `2026-11-22T09:30:00Z`, the beginning of a day (UTC) as `2026-11-22`, or a duration.
 *
 * @param option as in `--from`
 * @param now milliseconds since the epoch: a duration is counted from then
 * @param way which way it is counted
 * @returns ISO 8601; `undefined` when it is not given
 * @throws {Failure} naming the option
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
  throw usageFailure(`${option} must be a time such as 2026-11-22T09:30:00Z, a day, or a duration such as 10m`, option);
}
