/** An issuer that asks for longer may be wrong: an hour later it is asked again. In milliseconds. */
const LONGEST = 3_600_000;

/**
 * How long a `Retry-After` header asks to wait: seconds or a date (RFC 9110 10.2.3).
 *
 * @param now milliseconds since the epoch
 * @returns milliseconds, an hour at most; nothing where the header is absent or neither
 */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const wait = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST);
}
