import { isLoopbackAddress, isPublicAddress } from '@tvm/core/identity/public-address.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

/** IPv4 addresses at and around the edges of special ranges. */
const NOT_PUBLIC = `
  0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.255
  168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2 169.254.170.23 172.16.0.0 172.31.255.255 192.0.0.192
  192.0.2.1 192.88.99.1 192.168.0.0 192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.255
  224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255`
  .trim()
  .split(/\s+/);
const PUBLIC = `
  1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 169.253.255.255
  169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255`
  .trim()
  .split(/\s+/);

it.each(NOT_PUBLIC)('%s is not public, in any form in which IPv6 embeds it', (address) => {
  const forms = [address, `::ffff:${address}`, `::${address}`, `64:ff9b::${address}`, `64:ff9b:1::${address}`];
  expect(forms.filter(isPublicAddress)).toEqual([]);
});

it.each(PUBLIC)('%s is public, also mapped and behind NAT64', (address) => {
  const forms = [address, `::ffff:${address}`, `64:ff9b::${address}`];
  expect(forms.filter(isPublicAddress)).toEqual(forms);
});

it.each([
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'ff02::1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::',
  '2002:808:808::1',
  '3fff::1',
  '4000::1',
  '64:ff9b:1::808:808',
  '64:ff9b:0:1::808:808',
  'localhost',
  '0x7f.1',
  '127.1',
  '[2606:4700::1]',
  '',
])('%j is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each(['2000::1', '2001:200::1', '2606:4700::1111', '2a00:1450:4001::1', '3ffe::1'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

it('is loopback only in 127.0.0.0/8, also mapped, and ::1', () => {
  const loopback = ['127.0.0.1', '127.255.0.9', '::ffff:127.0.0.1', '::1'];
  const other = ['126.255.255.255', '128.0.0.0', '::2', '::127.0.0.1', '10.0.0.1', 'localhost', ''];
  expect([...loopback, ...other].filter(isLoopbackAddress)).toEqual(loopback);
});

it('an address is as public as its forms in IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const forms = [`::ffff:${address}`, `64:ff9b::${address}`];
      expect(forms.map(isPublicAddress)).toEqual(forms.map(() => isPublicAddress(address)));
    }),
  );
});

it('no address outside of global unicast and NAT64 is public', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const { hostname } = new URL(`http://[${address}]`);
      const isOther = !/^\[(?:[23]\w{3}:|64:ff9b:|::ffff:)/.test(hostname);
      expect(isOther && isPublicAddress(address)).toBe(false);
    }),
  );
});
