import type { PublicJwk } from '@tvm/core/federation/trust-entry.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyCache } from '#lambdas/adapters/http/key-cache.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** An issuer that publishes keys with these names, and a cache of its keys. */
function issuer(...published: string[]) {
  const clock = { time: 1_800_000_000_000, now: () => clock.time };
  const state = { published, isAway: false, fetches: 0 };
  const keysOf = keyCache(async () => {
    state.fetches += 1;
    // The fetch ends later, so that others may come while it runs.
    await new Promise(setImmediate);
    if (state.isAway) throw new Error('away');
    return state.published.map((kid): PublicJwk => ({ kty: 'RSA', kid }));
  }, clock);
  return {
    clock,
    state,
    keysOf,
    names: async (kid?: string) => (await keysOf(kid)).map((key) => key.kid),
  };
}

it('fetches keys once for five minutes', async () => {
  const { clock, state, names } = issuer('a');
  expect(await names('a')).toEqual(['a']);
  clock.time += 5 * MINUTE - 1;
  expect(await names('a')).toEqual(['a']);
  expect(await names()).toEqual(['a']);
  expect(state.fetches).toBe(1);
  state.published = ['b'];
  clock.time += 1;
  expect(await names('a')).toEqual(['b']);
  expect(state.fetches).toBe(2);
});

it('fetches keys once for a hundred simultaneous first callers', async () => {
  const { state, names } = issuer('a', 'b');
  const all = await Promise.all(Array.from({ length: 100 }, (_, index) => names(['a', 'b', undefined][index % 3])));
  expect(new Set(all.map(String))).toEqual(new Set(['a,b']));
  expect(state.fetches).toBe(1);
});

it('fails once for a hundred simultaneous first callers of an issuer that is away', async () => {
  const { state, keysOf } = issuer('a');
  state.isAway = true;
  const all = await Promise.allSettled(Array.from({ length: 100 }, () => keysOf('a')));
  expect(all.filter(({ status }) => status === 'fulfilled')).toEqual([]);
  expect(state.fetches).toBe(1);
});

it('fetches at most once a minute for any number of unknown kids', async () => {
  const { clock, state, names } = issuer('a');
  await names('a');
  for (let one = 0; one < 100; one++) expect(await names(`unknown-${one}`)).toEqual(['a']);
  await Promise.all(Array.from({ length: 100 }, (_, one) => names(`another-${one}`)));
  expect(state.fetches).toBe(1);
  clock.time += MINUTE;
  await Promise.all(Array.from({ length: 100 }, (_, one) => names(`later-${one}`)));
  expect(state.fetches).toBe(2);
});

it('finds a key that was published a minute after the last fetch', async () => {
  const { clock, state, names } = issuer('a');
  await names('a');
  state.published = ['a', 'b'];
  clock.time += MINUTE;
  expect(await names('b')).toEqual(['a', 'b']);
  expect(state.fetches).toBe(2);
});

it('does not make callers of a known key wait for the fetch of an unknown one', async () => {
  const { clock, names } = issuer('a');
  await names('a');
  clock.time += MINUTE;
  const order: string[] = [];
  const unknown = names('b').then(() => order.push('unknown'));
  await names('a').then(() => order.push('known'));
  await unknown;
  expect(order).toEqual(['known', 'unknown']);
});

it('uses the last keys for a day while the issuer is away, and then fails as a dependency', async () => {
  const { clock, state, names } = issuer('a');
  await names('a');
  state.isAway = true;
  clock.time += DAY - 1;
  expect(await names('a')).toEqual(['a']);
  clock.time += 1;
  await expect(names('a')).rejects.toThrow(DependencyFault);
  state.isAway = false;
  clock.time += 30 * SECOND;
  expect(await names('a')).toEqual(['a']);
});

it('waits 30 seconds after a failed fetch, with and without keys', async () => {
  const { clock, state, names } = issuer('a');
  state.isAway = true;
  for (let one = 0; one < 10; one++) await expect(names('a')).rejects.toThrow(DependencyFault);
  expect(state.fetches).toBe(1);
  state.isAway = false;
  clock.time += 30 * SECOND - 1;
  await expect(names('a')).rejects.toThrow(DependencyFault);
  clock.time += 1;
  expect(await names('a')).toEqual(['a']);
  expect(state.fetches).toBe(2);

  state.isAway = true;
  clock.time += 5 * MINUTE;
  for (let one = 0; one < 10; one++) expect(await names('a')).toEqual(['a']);
  expect(state.fetches).toBe(3);
});

it('fails as a dependency for an unknown kid while the issuer is away, because it may have published the key', async () => {
  const { clock, state, names } = issuer('a');
  await names('a');
  state.isAway = true;
  clock.time += MINUTE;
  await expect(names('b')).rejects.toThrow(DependencyFault);
  expect(await names('a')).toEqual(['a']);
  expect(await names()).toEqual(['a']);
  state.published = ['b'];
  state.isAway = false;
  clock.time += MINUTE;
  expect(await names('b')).toEqual(['b']);
  expect(await names('c')).toEqual(['b']);
});

it('uses no key after the issuer has published an empty set', async () => {
  const { clock, state, names } = issuer('a');
  await names('a');
  state.published = [];
  clock.time += 5 * MINUTE;
  expect(await names('a')).toEqual([]);
});

it('fetches at most every 30 seconds, and returns no keys older than a day, whatever happens', async () => {
  const step = fc.record({
    wait: fc.oneof(fc.nat(2 * MINUTE), fc.nat(2 * DAY)),
    isAway: fc.boolean(),
    kid: fc.constantFrom('a', 'b', undefined),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { clock, state, names } = issuer('a');
      let lastFetch = Number.NEGATIVE_INFINITY;
      let lastSuccess = Number.NEGATIVE_INFINITY;
      for (const { wait, isAway, kid } of steps) {
        clock.time += wait;
        state.isAway = isAway;
        const before = state.fetches;
        const found = await names(kid).catch((error: unknown) => error);
        if (state.fetches > before) {
          expect(state.fetches).toBe(before + 1);
          expect(clock.time - lastFetch).toBeGreaterThanOrEqual(30 * SECOND);
          lastFetch = clock.time;
          if (!isAway) lastSuccess = clock.time;
        }
        const isUsable = clock.time - lastSuccess < DAY;
        if (Array.isArray(found)) expect([isUsable, found]).toEqual([true, ['a']]);
        else expect([found instanceof DependencyFault, isUsable && kid !== 'b']).toEqual([true, false]);
      }
    }),
  );
});
