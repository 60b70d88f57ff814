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

describe('when a token is fetched anew', () => {
  it('is before its end and within its interval, whatever the share and the jitter', () => {
    fc.assert(
      fc.property(lifetime, share, interval, random, (life, part, every, chance) => {
        const wait = renewalWait(life, { share: part, interval: every }, chance);
        expect(wait).toBeGreaterThan(0);
        expect(wait).toBeLessThan(life);
        if (every !== undefined) expect(wait).toBeLessThanOrEqual(Math.max(250, every));
      }),
    );
  });

  it('is within 5 % of its share, and not the same for a whole fleet', () => {
    const at = (chance: number) => renewalWait(HOUR, { share: 0.66 }, chance);
    expect(at(0)).toBeCloseTo(0.66 * 0.95 * HOUR);
    expect(at(1)).toBeCloseTo(0.66 * 1.05 * HOUR);
  });

  it('is after 5 minutes for one without an end and without an interval', () => {
    expect(renewalWait(undefined, { share: 0.66 }, 0)).toBe(5 * MINUTE);
    expect(renewalWait(undefined, { share: 0.66, interval: HOUR }, 0)).toBe(HOUR);
  });

  it('is never so soon that the agent spins', () => {
    expect(renewalWait(1, { share: 0.5 }, 0)).toBe(250);
  });
});

describe('when a failed fetch is tried again', () => {
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

  it('takes its turn from the whole range, which doubles with each failure', () => {
    const endless = { left: Number.POSITIVE_INFINITY };
    const most = [1, 2, 3, 4, 5, 6, 7, 8].map((count) => retryWait(count, endless, 1));
    expect(most).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * SECOND));
    expect(retryWait(8, endless, 0.5)).toBe(30 * SECOND);
    expect(retryWait(8, endless, 0)).toBe(250);
  });

  it('is when the issuer said, near the end, too, but within an hour', () => {
    fc.assert(
      fc.property(failures, random, fc.integer({ min: 1, max: 24 * HOUR }), (count, chance, asked) => {
        expect(retryWait(count, { left: SECOND, lifetime: HOUR }, chance, asked)).toBe(Math.min(asked, HOUR));
      }),
    );
    expect(retryWait(1, undefined, 0.5, 0)).toBe(500);
  });
});

describe('when a source that gave the same again is asked again', () => {
  it('is before the end, but neither at once nor later than in 5 minutes', () => {
    expect([8 * HOUR, 4 * MINUTE, 2 * SECOND, 0].map(askAgainWait)).toEqual([5 * MINUTE, MINUTE, 500, 250]);
  });
});

describe('a token without an end', () => {
  it('is stale once more than two intervals went by', () => {
    expect([10 * MINUTE, 10 * MINUTE + 1].map((age) => isStale(age, { share: 0.66 }))).toEqual([false, true]);
    expect([HOUR, HOUR + 1].map((age) => isStale(age, { share: 0.66, interval: HOUR / 2 }))).toEqual([false, true]);
  });
});
