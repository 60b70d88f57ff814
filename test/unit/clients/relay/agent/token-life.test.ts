import * as fc from 'fast-check';
import { statusOf } from 'tokenrelay/agent/token-status.ts';
import { describe, expect, it } from 'vitest';
import { type Answer, SimulatedLife } from './simulated-life.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const share = fc.double({ min: 0.05, max: 0.8, noNaN: true });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const lifetime = fc.integer({ min: 5 * SECOND, max: 12 * HOUR });
const answer = fc.constantFrom<Answer[]>('new', 'same', 'extended', 'failure', 'empty');
const span = fc.oneof(
  fc.integer({ min: 0, max: 10 * SECOND }),
  fc.integer({ min: 0, max: 10 * MINUTE }),
  fc.integer({ min: 0, max: 30 * MINUTE }),
);

/** Any events of a token, in any order. */
const change = fc.oneof<fc.Arbitrary<(at: SimulatedLife) => void>[]>(
  span.map((milliseconds) => (at) => at.pass(milliseconds)),
  span.map((milliseconds) => (at) => at.pass(milliseconds)),
  answer.map((next) => (at) => {
    at.answer = next;
  }),
  fc.integer({ min: 0, max: 20 * SECOND }).map((latency) => (at) => {
    at.latency = latency;
  }),
  random.map((chance) => (at) => {
    at.random = chance;
  }),
  fc.constantFrom(true, false, undefined).map((isRevoked) => (at) => {
    at.isRevoked = isRevoked;
  }),
  fc.tuple(fc.nat({ max: 1 }), fc.boolean()).map(([index, isBroken]) => (at) => {
    Object.assign(at.outputs[index] ?? {}, { isBroken });
  }),
  fc.integer({ min: -HOUR, max: HOUR }).map((milliseconds) => (at) => at.setClock(milliseconds)),
  fc.constantFrom('refresh' as const, 'hurry' as const).map((kind) => (at) => at.happen({ kind })),
  fc.tuple(share, fc.boolean(), fc.boolean()).map(
    ([part, sameSource, tellsRevocation]) =>
      (at) =>
        at.happen({ kind: 'moved', origin: { schedule: { share: part }, tellsRevocation }, sameSource }),
  ),
  fc.integer({ min: -HOUR, max: HOUR }).map((lives) => (at) => {
    const { now } = at.now;
    at.happen({
      kind: 'cached',
      token: { values: { token: 'cached' }, fetchedAt: now - HOUR, expiresAt: now + lives },
    });
  }),
);
const allChanges = fc.array(change, { minLength: 1, maxLength: 30 });

/** The simulation throws on any forbidden effect. */
const live = (check: (at: SimulatedLife) => void = () => {}) =>
  fc.assert(
    fc.property(fc.option(lifetime, { nil: undefined }), share, allChanges, (lives, part, all) => {
      const at = new SimulatedLife({ schedule: { share: part }, tellsRevocation: true }, { lifetime: lives });
      for (const one of all) one(at);
      check(at);
    }),
    { numRuns: 200 },
  );

describe('the life of a token under random events', () => {
  it('does not change its input, runs one fetch at a time, and withdraws only expired or revoked tokens', () => {
    expect(() => live()).not.toThrow();
  });

  it('runs hooks exactly once per new token, after every output has it', () => {
    live((at) => {
      for (const output of at.outputs) output.isBroken = false;
      Object.assign(at, { answer: 'same', isRevoked: false, latency: 0 });
      at.pass(10 * SECOND);
      const last = at.written.at(-1);
      if (last !== undefined && at.life.inUse?.token.values === last.values) {
        expect(last.hooks).toBe(last.change === 'renewed' ? 1 : 0);
      }
    });
  });

  it('does nothing after it has ended, with no token in use', () => {
    live((at) => {
      at.happen({ kind: 'ended', why: 'stopped' });
      expect([at.current, at.life.fetching, at.life.watch]).toEqual([undefined, undefined, undefined]);
      const { length } = at.effects;
      at.happen({ kind: 'refresh' });
      at.pass(HOUR);
      expect(at.effects.slice(length).filter((kind) => kind !== 'tell-published')).toEqual([]);
    });
  });
});

describe('an issuer that does not answer revocation checks', () => {
  it('is checked less and less often, also when the token is renewed in between', () => {
    const at = new SimulatedLife({ schedule: { share: 0.5 }, tellsRevocation: true }, { lifetime: 20 * SECOND });
    at.isRevoked = undefined;
    at.pass(MINUTE);
    expect(at.written.length).toBeGreaterThan(5);
    expect(at.life.watch?.failures).toBeGreaterThan(8);
    at.isRevoked = false;
    at.pass(MINUTE);
    expect(at.life.watch?.failures).toBe(0);
  });
});

describe('a token with an available source', () => {
  it('is never missing, expired or stale after its first fetch', () => {
    const ends = fc.record({
      lives: fc.option(lifetime, { nil: undefined }),
      delay: fc.double({ min: 0, max: 0.1, noNaN: true }),
    });
    fc.assert(
      fc.property(ends, share, fc.array(random, { minLength: 1, maxLength: 20 }), ({ lives, delay }, part, chances) => {
        const at = new SimulatedLife({ schedule: { share: part }, tellsRevocation: false }, { lifetime: lives });
        at.latency = Math.floor(delay * (lives ?? MINUTE));
        at.pass(at.latency);
        for (const chance of chances) {
          at.random = chance;
          at.pass(Math.floor((lives ?? MINUTE) / 7));
          expect(at.current).toBeDefined();
          const more = { type: 'tvm', outputs: [], isOutputFailing: false, hooksTrouble: undefined };
          expect(statusOf(at.life, at.now, more).state).toBe('fresh');
        }
      }),
    );
  });
});
