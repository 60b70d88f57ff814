import { isIP, isIPv6 } from 'node:net';

/** An IPv4-mapped IPv6 address in canonical form (RFC 4291, section 2.5.5.2). */
const IPV4_MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * Returns the canonical form of an IP address (RFC 5952). Removes the zone, writes an embedded IPv4 address in
 * hexadecimal digits, and converts an IPv4-mapped address to IPv4. Cedar's `ip` accepts neither zones nor embedded IPv4
 * addresses.
 *
 * @returns `undefined` if the text is not an IP address
 */
export function canonicalAddress(text: string): string | undefined {
  const [address = ''] = text.split('%');
  if (isIP(address) === 0) return undefined;
  if (!isIPv6(address)) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = IPV4_MAPPED.exec(canonical) ?? [];
  if (high === undefined || low === undefined) return canonical;
  const [upper, lower] = [high, low].map((digits) => Number.parseInt(digits, 16));
  return [upper, lower].flatMap((half = 0) => [half >> 8, half & 0xff]).join('.');
}
