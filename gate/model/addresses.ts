import { BlockList, isIP, isIPv6 } from 'node:net';

/** Returns the first and last addresses of a range such as `10.0.0.0/8`, and the addresses next to them. */
export function edgesOf(range: string): string[] {
  const limits = limitsOf(range);
  if (limits === undefined) return [];
  const { first, last } = limits;
  const bits = limits.family === 'ipv6' ? 128 : 32;
  return [first, last, first - 1n, last + 1n]
    .filter((number) => number >= 0n && number < 1n << BigInt(bits))
    .map((number) => toAddress(number, bits));
}

/** Returns a function that reports whether an address is in any of the ranges. */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    if (isIP(address) === 0) continue;
    const family = familyOf(address);
    list.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return (address) => list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function toNumber(address: string): bigint {
  if (!isIPv6(address)) return address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const [before = '', after] = shortest(address).split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [left, right] = [groups(before), groups(after ?? '')];
  const all = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function toAddress(number: bigint, bits: number): string {
  const size = bits === 32 ? 8n : 16n;
  const parts = Array.from(
    { length: bits / Number(size) },
    (_, index) => (number >> (BigInt(index) * size)) % (1n << size),
  );
  if (bits === 32) return parts.reverse().join('.');
  return shortest(
    parts
      .reverse()
      .map((part) => part.toString(16))
      .join(':'),
  );
}

/** Normalizes an IPv6 address. An IPv4 suffix becomes hexadecimal. */
function shortest(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** The length of an address in bits, and the longest prefix of a network that restricts nobody. IPv6 has private networks of /7. */
const EVERYONE = { ipv4: { bits: 32n, prefix: 7n }, ipv6: { bits: 128n, prefix: 6n } } as const;

/**
 * Reports whether ranges such as `10.0.0.0/8` add up to so many addresses that they restrict nobody: to those of an IPv4
 * network of /7 or an IPv6 network of /6. Texts that are not ranges are ignored.
 */
export function includeEveryone(ranges: readonly string[]): boolean {
  const limits = ranges.map(limitsOf).filter((range) => range !== undefined);
  return (['ipv4', 'ipv6'] as const).some((family) => {
    const { bits, prefix } = EVERYONE[family];
    let count = 0n;
    let next = 0n;
    for (const { first, last } of limits
      .filter((range) => range.family === family)
      .toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
      if (last < next) continue;
      count += last - (first < next ? next : first) + 1n;
      next = last + 1n;
    }
    return count >= 1n << (bits - prefix);
  });
}

/** The first IPv6 address that stands for an IPv4 address. */
const MAPPED = 0xffffn << 32n;

function limitsOf(range: string): { family: 'ipv4' | 'ipv6'; first: bigint; last: bigint } | undefined {
  const [address = '', prefix, more] = range.split('/');
  if (isIP(address) === 0 || more !== undefined || !/^\d{0,3}$/.test(prefix ?? '')) return undefined;
  const bits = isIPv6(address) ? 128n : 32n;
  const free = bits - BigInt(prefix || bits);
  if (free < 0n) return undefined;
  const first = (toNumber(address) >> free) << free;
  const last = first + (1n << free) - 1n;
  // `::ffff:0:0/96` has the IPv4 addresses.
  if (bits === 128n && first >> 32n === 0xffffn && last >> 32n === 0xffffn) {
    return { family: 'ipv4', first: first - MAPPED, last: last - MAPPED };
  }
  return { family: familyOf(address), first, last };
}
