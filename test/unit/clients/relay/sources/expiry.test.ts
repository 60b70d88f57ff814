import { endOfJwt, endOfLifetime, momentOf, refuseExpired } from 'tokenrelay/sources/expiry.ts';
import { describe, expect, it } from 'vitest';

const NOW = Date.UTC(2026, 0, 1, 12);
const jwt = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

describe('a lifetime', () => {
  it.each([
    [3600, NOW + 3_600_000],
    ['3600', NOW + 3_600_000],
    [0.5, NOW + 500],
    [-1, NOW - 1_000],
    [1e300, Date.UTC(9999, 11, 31)],
    ['soon', undefined],
    ['', undefined],
    [' 1', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [null, undefined],
    [true, undefined],
    [[5], undefined],
  ])('of %j seconds expires at %j', (lifetime, end) => {
    expect(endOfLifetime(lifetime, NOW)).toBe(end);
  });
});

describe('a moment', () => {
  it.each([
    ['2026-01-01T12:00:00Z', NOW],
    ['2026-01-01t12:00:00.000000000z', NOW],
    ['2026-01-01 14:00:00+02:00', NOW],
    [NOW / 1_000, NOW],
    [String(NOW / 1_000), NOW],
    [NOW, NOW],
    // Without an offset, the time is ambiguous.
    ['2026-01-01T12:00:00', undefined],
    ['2026-13-01T12:00:00Z', undefined],
    ['Thu, 01 Jan 2026 12:00:00 GMT', undefined],
    ['tomorrow', undefined],
    [undefined, undefined],
    [{}, undefined],
  ])('%j is %j', (value, moment) => {
    expect(momentOf(value)).toBe(moment);
  });
});

describe('the expiry of a JWT', () => {
  it('is its exp claim', () => {
    expect(endOfJwt(jwt({ exp: NOW / 1_000 }))).toBe(NOW);
  });

  it.each([
    'opaque',
    'a.b',
    'a.!!.c',
    jwt('text'),
    jwt(null),
    jwt({}),
    jwt({ exp: 'soon' }),
  ])('is unknown for %s', (token) => {
    expect(endOfJwt(token)).toBeUndefined();
  });
});

it('refuses a token at its expiry, and accepts one before it or without one', () => {
  expect(() => refuseExpired(NOW, NOW, 'auth.example.com')).toThrow(
    'auth.example.com returned a token that has already expired',
  );
  expect(() => refuseExpired(NOW + 1, NOW, 'x')).not.toThrow();
  expect(() => refuseExpired(undefined, NOW, 'x')).not.toThrow();
});
