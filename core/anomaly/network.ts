import { isIP } from 'node:net';

/** An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Returns the network of an address: the /24 for IPv4, and the /48 for IPv6, which is the size of one site (RFC 6177).
 *
 * @returns the network, or `undefined` if the text is not an IP address
 */
export function networkOf(address: string): string | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  if (version === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return networkOf(mapped);
  const [left = '', right] = address.split('::').map((side) => side.split(':').filter((group) => group !== ''));
  const zeros = right === undefined ? 0 : 8 - left.length - right.length - (address.includes('.') ? 1 : 0);
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...(right ?? [])];
  const site = groups.slice(0, 3).map((group) => Number.parseInt(group, 16).toString(16));
  return `${site.join(':')}::/48`;
}
