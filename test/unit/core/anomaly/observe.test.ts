import type { Observation } from '@tvm/core/anomaly/observation.ts';
import { observe } from '@tvm/core/anomaly/observe.ts';
import { BOUNDS, type Profile } from '@tvm/core/anomaly/profile.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { settings } from './settings.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

/** Arbitrary observations, including unlikely ones. */
const anyObservation: fc.Arbitrary<Observation> = fc.record({
  eventId: fc.string({ maxLength: 8 }),
  tokenId: fc.uuid(),
  time: fc.oneof(fc.integer({ min: NOW - 4_000_000, max: NOW + 4_000_000 }), fc.constant(Number.NaN), fc.integer()),
  subject: fc.constant('subject'),
  kind: fc.constantFrom('issued', 'denied', 'revoked-token'),
  network: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor')),
  resources: fc.array(fc.string({ maxLength: 300 }), { maxLength: 20 }),
  beyondGrants: fc.boolean(),
  accepted: fc.boolean(),
});

function one(change: Partial<Observation> = {}): Observation {
  const seen = { eventId: 'e', tokenId: 't', time: NOW, subject: 's', resources: [], beyondGrants: false };
  return { ...seen, kind: 'issued', accepted: false, ...change };
}

describe('a profile', () => {
  it('stays within its bounds and never throws for any observations', () => {
    const batches = fc.array(fc.tuple(fc.array(anyObservation, { maxLength: 60 }), fc.nat(40 * 86_400_000)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(batches, (all) => {
        let profile: Profile | undefined;
        let now = NOW;
        for (const [batch, later] of all) {
          now += later;
          profile = observe(profile, batch, { ...settings, learning: 0 }, now).profile;
          expect(JSON.stringify(profile).length).toBeLessThan(16_384);
        }
      }),
    );
  }, 30_000);

  it('has a bounded size in bytes when it is full', () => {
    let profile: Profile | undefined;
    for (let hour = 0; hour < 170; hour++) {
      const time = NOW + hour * 3_600_000;
      const batch = Array.from({ length: 130 }, (_, index) =>
        one({
          eventId: `${hour}-${index}`,
          time: time - (index % 60) * 60_000,
          kind: index % 2 ? 'denied' : 'issued',
          beyondGrants: index % 2 === 1,
          network: `10.${hour}.${index}.0/24`,
          resources: [`db-${hour}/table-${index}`],
        }),
      );
      profile = observe(profile, batch, settings, time).profile;
    }
    if (profile === undefined) throw new Error('there is none');
    expect(Object.keys(profile.networks)).toHaveLength(BOUNDS.networks);
    expect(Object.keys(profile.resources)).toHaveLength(BOUNDS.resources);
    expect(profile.marks).toHaveLength(BOUNDS.marks);
    expect([profile.minutes.length, profile.hours.issued.length]).toEqual([60, 168]);
    expect(JSON.stringify(profile).length).toBeLessThan(10_000);
  }, 30_000);

  it('does not change for repeated events, in the same batch or later', () => {
    const batch = Array.from({ length: 9 }, (_, index) =>
      one({ eventId: `${index}`, kind: 'denied', beyondGrants: true }),
    );
    const first = observe(undefined, [...batch, ...batch], settings, NOW);
    expect(first.fresh).toHaveLength(9);
    const again = observe(first.profile, batch, settings, NOW + 60_000);
    expect([again.fresh, again.findings]).toEqual([[], []]);
    expect(again.profile).toEqual(first.profile);
  });

  it('counts late events in their own minute, and ignores events of more than an hour ago', () => {
    const { profile } = observe(undefined, [one({ eventId: 'first' })], settings, NOW);
    const late = one({ eventId: 'late', time: NOW - 30 * 60_000 });
    const lost = one({ eventId: 'lost', time: NOW - 61 * 60_000 });
    const { profile: then, fresh } = observe(profile, [late, lost], settings, NOW);
    expect(fresh).toEqual([late]);
    expect(then.minutes.map(([minute]) => minute)).toEqual([NOW / 60_000 - 30, NOW / 60_000]);
  });

  it('does not depend on how events are split into batches', () => {
    const times = fc.array(fc.integer({ min: NOW - 50 * 60_000, max: NOW }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, (all) => {
        const observations = all.sort((a, b) => a - b).map((time, index) => one({ eventId: `${index}`, time }));
        const atOnce = observe(undefined, observations, settings, NOW).profile;
        let bitByBit: Profile | undefined;
        for (const observation of observations) bitByBit = observe(bitByBit, [observation], settings, NOW).profile;
        expect(bitByBit).toEqual(atOnce);
      }),
    );
  });

  it('does not contain the names of networks and resources', () => {
    const seen = one({ network: '203.0.113.0/24', resources: ['hr/salaries'] });
    expect(JSON.stringify(observe(undefined, [seen], settings, NOW).profile)).not.toMatch(/203|salaries/);
  });
});
