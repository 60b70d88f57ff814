import * as fc from 'fast-check';
import { askAgainWait, isStale, renewalWait, retryWait } from 'tokenrelay/agent/schedule.ts';
import { describe, expect, it } from 'vitest';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const lifetime = fc.integer({ min: SECOND, max: 24 * HOUR });
const interval = fc.option(fc.integer({ min: MINUTE, max: 24 * HOUR }), { nil: undefined });
const failures = fc.integer({ min: 1, max: 10_000 });

describe('the renewal time of a token', () => {
  it('is before its expiry and within its interval, for any fraction and jitter', () => {
    fc.assert(
      fc.property(lifetime, share, interval, random, (life, part, every, chance) => {
        const wait = renewalWait(life, { share: part, interval: every }, chance);
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThan(life);
        if (every !== undefined) expect(wait).toBeLessThanOrEqual(Math.max(250, every));
      }),
    );
  });

  it('is within 5 % of its fraction, and differs across a fleet', () => {
    const at = (chance: number) => renewalWait(HOUR, { share: 0.66 }, chance);
    expect(at(0)).toBeCloseTo(0.66 * 0.95 * HOUR);
    expect(at(1)).toBeCloseTo(0.66 * 1.05 * HOUR);
  });

  it('is after 5 minutes without an expiry and without an interval', () => {
    expect(renewalWait(undefined, { share: 0.66 }, 0)).toBe(5 * MINUTE);
    expect(renewalWait(undefined, { share: 0.66, interval: HOUR }, 0)).toBe(HOUR);
  });

  it('never causes a fetch loop', () => {
    expect(renewalWait(1, { share: 0.5 }, 0)).toBe(250);
  });
});

describe('the retry time of a failed fetch', () => {
  it('is within 4 seconds while there is no token or less than a third is left, else within a minute', () => {
    fc.assert(
      fc.property(
        failures,
        lifetime,
        fc.double({ min: 0, max: 1, noNaN: true }),
        random,
        (count, life, part, chance) => {
          expect(retryWait(count, undefined, chance)).toBeLessThanOrEqual(4 * SECOND);
          const left = part * life;
          const wait = retryWait(count, { left, lifetime: life }, chance);
          expect(wait).toBeGreaterThanOrEqual(250);
          expect(wait).toBeLessThanOrEqual(left <= life / 3 ? 4 * SECOND : MINUTE);
          if (left > life / 3) expect(wait).toBeLessThanOrEqual(Math.max(250, left - life / 3));
        },
      ),
    );
  });

  it('is chosen from the whole range, which doubles with each failure', () => {
    const endless = { left: Number.POSITIVE_INFINITY };
    const most = [1, 2, 3, 4, 5, 6, 7, 8].map((count) => retryWait(count, endless, 1));
    expect(most).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * SECOND));
    expect(retryWait(8, endless, 0.5)).toBe(30 * SECOND);
    expect(retryWait(8, endless, 0)).toBe(250);
  });

  it('is the issuer’s Retry-After, at most an hour, or ten minutes without a token', () => {
    const asked = fc.integer({ min: 250, max: 24 * HOUR });
    fc.assert(
      fc.property(failures, random, asked, (count, chance, milliseconds) => {
        const most = Math.min(milliseconds, HOUR);
        expect(retryWait(count, undefined, chance, milliseconds)).toBe(Math.min(milliseconds, 10 * MINUTE));
        expect(retryWait(count, { left: Number.POSITIVE_INFINITY }, chance, milliseconds)).toBe(most);
        expect(retryWait(count, { left: 2 * HOUR, lifetime: 3 * HOUR }, chance, milliseconds)).toBe(most);
      }),
    );
    expect(retryWait(1, undefined, 0.5, 0)).toBe(500);
  });

  it('is never past the expiry of the token in use, whatever Retry-After says, with few tries more', () => {
    fc.assert(
      fc.property(
        lifetime,
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        fc.oneof(fc.integer({ min: 30 * SECOND, max: 24 * HOUR }), fc.constantFrom(1e300, Number.POSITIVE_INFINITY)),
        random,
        (life, part, asked, chance) => {
          let left = part * life;
          const waits: number[] = [];
          while (left > 0) {
            const wait = retryWait(waits.length + 1, { left, lifetime: life }, chance, asked);
            expect(wait).toBeLessThanOrEqual(Math.max(250, left));
            waits.push(wait);
            left -= wait;
          }
          // Each wait but the last two is what the issuer asked for.
          for (const wait of waits.slice(0, -2)) expect(wait).toBe(Math.max(250, Math.min(asked, HOUR)));
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('the time of the next fetch after an unchanged token', () => {
  it('is before the expiry, but neither immediate nor later than 5 minutes', () => {
    expect([8 * HOUR, 4 * MINUTE, 2 * SECOND, 0].map(askAgainWait)).toEqual([5 * MINUTE, MINUTE, 500, 250]);
  });
});

describe('a token without an expiry', () => {
  it('is stale after more than two intervals', () => {
    expect([10 * MINUTE, 10 * MINUTE + 1].map((age) => isStale(age, { share: 0.66 }))).toEqual([false, true]);
    expect([HOUR, HOUR + 1].map((age) => isStale(age, { share: 0.66, interval: HOUR / 2 }))).toEqual([false, true]);
  });
});
