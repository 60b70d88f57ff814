/** The maximum delay, in milliseconds. A longer one is probably a mistake of the server. */
const LONGEST = 3_600_000;

/**
 * Parses a `Retry-After` header, which is a number of seconds or a date (RFC 9110, section 10.2.3).
 *
 * @param now milliseconds since the epoch
 * @returns the delay in milliseconds, at most one hour; `undefined` if the header is absent or invalid
 */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wait = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST);
}
