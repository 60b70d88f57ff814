import { isIP } from 'node:net';
import { canonicalAddress } from '@tvm/core/identity/address.ts';
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
