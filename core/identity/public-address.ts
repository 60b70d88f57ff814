import { BlockList, isIPv6 } from 'node:net';
import { canonicalAddress } from './address.ts';

/**
 * IPv4 ranges without public servers: those that are not globally reachable in
 * https://www.iana.org/assignments/iana-ipv4-special-registry (RFC 6890), multicast (RFC 5771), and Azure's WireServer, which
 * gives out a machine's settings. The metadata servers of all other clouds are in these ranges.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];

/**
 * Ranges without public servers in global unicast IPv6 (https://www.iana.org/assignments/iana-ipv6-special-registry): protocol
 * assignments including Teredo, documentation, 6to4.
 */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** IPv4 behind NAT64 (RFC 6052, section 2.1). The last 32 bits are the IPv4 address. */
const NAT64 = '64:ff9b::';

const special = blockList([
  ...SPECIAL_IPV4,
  ...SPECIAL_IPV6,
  ...SPECIAL_IPV4.map((range) => {
    const [address, prefix] = range.split('/');
    return `${NAT64}${address}/${96 + Number(prefix)}`;
  }),
]);
const unicast = blockList(['0.0.0.0/0', '2000::/3', `${NAT64}/96`]);
const loopback = blockList(['127.0.0.0/8', '::1/128']);

/**
 * Reports whether an IP address can be that of a public server. Private, shared, loopback, link-local, multicast, reserved and
 * metadata addresses are not, in any form in which IPv6 embeds them. A text that is not an address is not, either.
 */
export function isPublicAddress(text: string): boolean {
  return isIn(unicast, text) && !isIn(special, text);
}

/** Reports whether a text is a loopback address. */
export function isLoopbackAddress(text: string): boolean {
  return isIn(loopback, text);
}

function isIn(list: BlockList, text: string): boolean {
  const address = canonicalAddress(text);
  return address !== undefined && list.check(address, familyOf(address));
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
