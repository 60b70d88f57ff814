import { isIP } from 'node:net';

/** An IPv4 address in the form of an IPv6 one (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The network that an address is in: of IPv4 the /24, of IPv6 the /48, which is what one site has (RFC 6177).
 *
 * @returns `undefined` of what is no address
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
