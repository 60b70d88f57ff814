/** The maximum delay, in milliseconds. A longer one is probably a mistake of the server. */
const LONGEST = 3_600_000;

/** A date of asctime(3), an obsolete form that recipients must accept. It is in UTC (RFC 9110, section 5.6.7). */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/;

/**
 * Parses a `Retry-After` header, which is a number of seconds or a date (RFC 9110, section 10.2.3).
 *
 * @param now milliseconds since the epoch
 * @returns the delay in milliseconds, at most one hour; `undefined` if the header is absent or invalid
 */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1_000 : dateOf(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST);
}

/** Returns an HTTP date in milliseconds since the epoch. Date.parse alone reads `1.5` as a date, too. */
function dateOf(text: string): number {
  if (!/^[A-Z]/.test(text)) return Number.NaN;
  return Date.parse(ASCTIME.test(text) ? `${text} GMT` : text);
}
