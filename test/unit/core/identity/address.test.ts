import { isIP } from 'node:net';
import { canonicalAddress, isLoopbackAddress, isPublicAddress } from '@tvm/core/identity/address.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
  ['::1', '::1'],
  ['::', '::'],
])('%s is %s', (text, canonical) => {
  expect(canonicalAddress(text)).toBe(canonical);
});

it.each([
  '',
  'localhost',
  '203.0.113.7:80',
  '203.0.113',
  '[::1]',
  '203.0.113.07',
  '%eth0',
  'test-invoke-source-ip',
])('%j is not an address', (text) => {
  expect(canonicalAddress(text)).toBeUndefined();
});

it('the canonical form of an address is an address, and is stable', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const canonical = canonicalAddress(address) ?? '';
      expect(isIP(canonical)).not.toBe(0);
      expect(canonical).not.toMatch(/%|:.*\./);
      expect(canonicalAddress(canonical)).toBe(canonical);
    }),
  );
});

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
