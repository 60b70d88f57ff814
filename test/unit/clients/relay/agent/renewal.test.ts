import { SourceFailure } from 'tokenrelay/model/source.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, fakeWorld, HOUR, hanging, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

const gaps = (moments: number[] = []) => moments.slice(1).map((moment, index) => moment - (moments[index] ?? 0));

describe('a token with an available source', () => {
  it('is fetched and written at the start, and again after the configured fraction of its lifetime', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    expect(at.status('a')).toMatchObject({ state: 'waiting', failures: 0 });
    await at.clock.pass(SECOND);
    expect(await at.agent.settled).toEqual([at.status('a')]);
    expect(at.status('a')).toMatchObject({ state: 'fresh', outputs: [{ name: 'file /a' }] });
    expect(valueAt(at, '/a')).toBe('value-1-of-a');
    await at.clock.pass(3 * HOUR);
    expect(gaps(at.asked.a)).toEqual([0, 0, 0, 0].map(() => expect.closeTo(0.66 * HOUR, -2)));
    expect(valueAt(at, '/a')).toBe('value-5-of-a');
    expect(at.agent.current('a')?.values).toEqual({ token: 'value-5-of-a' });
  });

  it('is fetched at its interval if that is sooner, and every 5 minutes by default', async () => {
    const tokens = [token('often', { refresh_interval_minutes: 10 }), token('endless')];
    const at = world(configurationOf(tokens), { often: { lifetime: HOUR } });
    await at.clock.pass(HOUR);
    for (const gap of gaps(at.asked.often)) expect(gap).toBeLessThanOrEqual(10 * MINUTE);
    expect(at.asked.often).toHaveLength(7);
    for (const gap of gaps(at.asked.endless)) expect(gap).toBeLessThanOrEqual(5 * MINUTE);
    expect(at.asked.endless).toHaveLength(13);
  });

  it('is never missing or expired with a lifetime of 5 seconds', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: 5 * SECOND } }, { random: () => 0.999 });
    await at.clock.pass(100);
    for (let passed = 0; passed < MINUTE; passed += 100) {
      await at.clock.pass(100);
      expect(at.files.get('/a')?.expiresAt).toBeGreaterThan(at.clock.now());
      expect(at.status('a').state).toBe('fresh');
    }
  });

  it('is kept if its source returns the same token, and replaced soon after a new one exists', async () => {
    const at = world(configurationOf([token('a', { after_renewal: { command: ['/bin/true'] } })]));
    const end = at.clock.now() + HOUR;
    // Like IMDS, which returns the same credentials until five minutes before their expiry.
    at.sources.a = {
      answer: async () => ({
        values: { token: at.clock.now() < end - 5 * MINUTE ? 'the-first-one' : 'the-second-one' },
        fetchedAt: at.clock.now(),
        expiresAt: at.clock.now() < end - 5 * MINUTE ? end : end + HOUR,
      }),
    };
    await at.clock.pass(54 * MINUTE);
    expect(at.status('a')).toMatchObject({ state: 'fresh', failures: 0 });
    expect(at.asked.a?.length).toBeLessThan(12);
    expect(at.done).toEqual(['publish /a']);
    await at.clock.pass(3 * MINUTE);
    expect(valueAt(at, '/a')).toBe('the-second-one');
    expect(at.hooks).toEqual(['a', 'a']);
  });

  it('is written without a notification if only its expiry changes, and not at all if nothing changes', async () => {
    const at = world(configurationOf([token('lease', { after_renewal: { command: ['/bin/true'] } }), token('kv')]));
    const changes: string[] = [];
    at.agent.onChange((name) => changes.push(name));
    at.sources.lease = {
      answer: async () => ({ values: { u: 'same-user' }, fetchedAt: at.clock.now(), expiresAt: at.clock.now() + HOUR }),
    };
    at.sources.kv = { answer: async () => ({ values: { u: 'same-secret' }, fetchedAt: at.clock.now() }) };
    await at.clock.pass(2 * HOUR);
    expect(at.done.filter((one) => one === 'publish /lease').length).toBe(at.asked.lease?.length);
    expect(at.done.filter((one) => one === 'publish /kv')).toHaveLength(1);
    expect([at.hooks, changes.sort()]).toEqual([['lease'], ['kv', 'lease']]);
    expect(at.status('kv').state).toBe('fresh');
  });

  it('is passed to its source with its handle on a renewal', async () => {
    const previous: (Token | undefined)[] = [];
    const at = world(configurationOf([token('a')]));
    at.sources.a = {
      async answer(before) {
        previous.push(before);
        const fetchedAt = at.clock.now();
        return {
          values: { u: `u-${fetchedAt}` },
          fetchedAt,
          expiresAt: fetchedAt + HOUR,
          handle: { lease: 'lease-1' },
        };
      },
    };
    await at.clock.pass(HOUR);
    expect(previous.map((one) => one?.handle)).toEqual([undefined, { lease: 'lease-1' }]);
  });
});

describe('a token whose source fails', () => {
  it('is retried at least every 4 seconds while there is no token', async () => {
    const at = world(configurationOf([token('a')]), { a: { answer: failing() } }, { random: () => 0.999 });
    await at.clock.pass(MINUTE);
    expect(at.status('a')).toMatchObject({ state: 'waiting', lastError: 'the issuer is away' });
    expect((await at.agent.settled)[0]).toMatchObject({ state: 'waiting', failures: 1 });
    expect(Math.max(...gaps(at.asked.a))).toBeLessThanOrEqual(4 * SECOND);
    expect(at.asked.a?.length).toBeLessThan(30);
    at.sources.a = { lifetime: HOUR };
    await at.clock.pass(4 * SECOND);
    expect(at.status('a')).toMatchObject({ state: 'fresh', failures: 0 });
    expect(at.status('a').lastError).toBeUndefined();
  });

  it('stays until it expires, with retries every minute, and every 4 seconds in the last third', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: 3 * HOUR } }, { random: () => 0.999 });
    await at.clock.pass(SECOND);
    at.sources.a = { answer: failing() };
    at.agent.refresh('a').catch(() => {});
    await at.clock.pass(2 * HOUR - 2 * SECOND);
    expect(at.status('a').state).toBe('retrying');
    expect(Math.max(...gaps(at.asked.a?.slice(1)))).toBeLessThanOrEqual(MINUTE);
    expect(at.asked.a?.length).toBeLessThan(140);
    const before = at.asked.a?.length ?? 0;
    await at.clock.pass(HOUR - 5 * SECOND);
    const inLastThird = at.asked.a?.slice(before - 1) ?? [];
    expect(inLastThird[1]).toBeLessThanOrEqual(2 * HOUR + SECOND);
    expect(Math.max(...gaps(inLastThird.slice(1)))).toBeLessThanOrEqual(4 * SECOND);
    expect(valueAt(at, '/a')).toBe('value-1-of-a');
    at.sources.a = { lifetime: HOUR };
    await at.clock.pass(4 * SECOND);
    expect(at.status('a').state).toBe('fresh');
    expect(at.done.filter((one) => one.startsWith('withdraw'))).toEqual([]);
  });

  it('is removed from its outputs when it expires, and reported as gone', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    const changes: unknown[] = [];
    at.agent.onChange((name, now) => changes.push([name, now?.values.token]));
    await at.clock.pass(MINUTE);
    at.sources.a = { answer: failing() };
    await at.clock.pass(HOUR - MINUTE - 1);
    expect(valueAt(at, '/a')).toBe('value-1-of-a');
    await at.clock.pass(1);
    expect(at.agent.current('a')).toBeUndefined();
    await at.clock.pass(1);
    expect(at.done).toEqual(['publish /a', 'withdraw /a expired']);
    expect(at.status('a').state).toBe('expired');
    expect(changes).toEqual([
      ['a', 'value-1-of-a'],
      ['a', undefined],
    ]);
  });

  it('is fetched from a source with repeated outages', async () => {
    let times = 0;
    const at = world(configurationOf([token('a')]), { a: { lifetime: MINUTE } });
    const answer = async () => {
      times += 1;
      if (times % 3 !== 1) throw new SourceFailure('the issuer is away');
      return { values: { token: `flap-${times}` }, fetchedAt: at.clock.now(), expiresAt: at.clock.now() + MINUTE };
    };
    at.sources.a = { answer };
    await at.clock.pass(SECOND);
    for (let passed = 0; passed < HOUR; passed += 10 * SECOND) {
      await at.clock.pass(10 * SECOND);
      expect(at.agent.current('a')).toBeDefined();
    }
    expect(at.status('a').fetches.failed).toBeGreaterThan(50);
  });

  it.each([
    ['has already expired', { values: { token: 'too-late' }, expiresAt: -1 }],
    ['is empty', { values: {} }],
    ['is an empty bearer token', { values: { token: '' } }],
    ['has an invalid expiry', { values: { token: 'odd' }, expiresAt: Number.NaN }],
    ['has an expiry beyond any date', { values: { token: 'odd' }, expiresAt: 1e300 }],
    ['ends after the year 9999', { values: { token: 'odd' }, expiresAt: 8_000 * 365.25 * 24 * HOUR }],
  ])('refuses a token that %s, and keeps the one before', async (_, {
    values,
    expiresAt,
  }: { values: object; expiresAt?: number }) => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.sources.a = {
      answer: async () => ({
        values: values as Record<string, string>,
        fetchedAt: at.clock.now(),
        ...(expiresAt !== undefined && { expiresAt: at.clock.now() + expiresAt }),
      }),
    };
    await expect(at.agent.refresh('a')).rejects.toThrow(SourceFailure);
    expect(at.status('a')).toMatchObject({ state: 'retrying', failures: 1 });
    expect(at.agent.current('a')?.values.token).toBe('value-1-of-a');
  });

  it('that its source returned after its expiry is used, and requested again in 5 to 10 minutes', async () => {
    const at = world(configurationOf([token('a', { refresh_interval_minutes: 60 })]));
    const expiredAt = at.clock.now() - HOUR;
    at.sources.a = {
      answer: async () => ({ values: { token: 'an-old-one' }, fetchedAt: at.clock.now(), expiredAt }),
    };
    await at.clock.pass(HOUR);
    expect(valueAt(at, '/a')).toBe('an-old-one');
    expect(at.files.get('/a')).toMatchObject({ expiredAt });
    expect(at.status('a')).toMatchObject({ state: 'retrying', failures: 0, expiresAt: expiredAt });
    for (const gap of gaps(at.asked.a)) {
      expect(gap).toBeGreaterThanOrEqual(5 * MINUTE);
      expect(gap).toBeLessThanOrEqual(10 * MINUTE + SECOND);
    }
    at.sources.a = { lifetime: HOUR };
    await at.clock.pass(11 * MINUTE);
    expect(at.status('a')).toMatchObject({ state: 'fresh' });
    expect(valueAt(at, '/a')).not.toBe('an-old-one');
  });

  it('that its source returned after its expiry is not kept in the cache', async () => {
    const cached: unknown[] = [];
    const cache = {
      read: async () => new Map(),
      write: async (tokens: readonly unknown[]) => void cached.push(...tokens),
    };
    const configuration = configurationOf([token('a'), token('b')], { cache: { path: '/cache', key: { env: 'KEY' } } });
    const at = world(configuration, { b: { lifetime: HOUR } }, { cache });
    at.sources.a = {
      answer: async () => ({ values: { token: 'an-old-one' }, fetchedAt: at.clock.now(), expiredAt: 1 }),
    };
    await at.clock.pass(MINUTE);
    expect(cached.length).toBeGreaterThan(0);
    expect(JSON.stringify(cached)).not.toContain('an-old-one');
  });

  it('that its source returned after its expiry does not replace a valid one', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.sources.a = {
      answer: async () => ({
        values: { token: 'an-old-one' },
        fetchedAt: at.clock.now(),
        expiredAt: at.clock.now() - 1,
      }),
    };
    await expect(at.agent.refresh('a')).rejects.toThrow('has already expired');
    expect(valueAt(at, '/a')).toBe('value-1-of-a');
    await at.clock.pass(HOUR + MINUTE);
    expect(valueAt(at, '/a')).toBe('an-old-one');
  });

  it('is not retried before the issuer’s Retry-After', async () => {
    const at = world(configurationOf([token('a')]));
    at.sources.a = {
      answer: () => Promise.reject(new SourceFailure('too many requests', { retryAfter: 10 * MINUTE })),
    };
    await at.clock.pass(10 * MINUTE - SECOND);
    expect(at.asked.a).toHaveLength(1);
    await at.clock.pass(2 * SECOND);
    expect(at.asked.a).toHaveLength(2);
  });

  it('does not quote an unknown error, which may contain a token', async () => {
    const at = world(configurationOf([token('a')]), {
      a: { answer: () => Promise.reject(new TypeError('got eyJhbGciOi')) },
    });
    await at.clock.pass(SECOND);
    expect(at.status('a').lastError).toBe('it failed unexpectedly (TypeError)');
    expect(JSON.stringify(at.logged)).not.toContain('eyJhbGciOi');
  });

  it('is stale after two intervals if it has no expiry', async () => {
    const at = world(configurationOf([token('a', { refresh_interval_minutes: 30 })]), { a: {} });
    await at.clock.pass(SECOND);
    at.sources.a = { answer: failing() };
    await at.clock.pass(59 * MINUTE);
    expect(at.status('a').state).toBe('retrying');
    await at.clock.pass(2 * MINUTE);
    expect(at.status('a').state).toBe('stale');
    expect(at.agent.current('a')).toBeDefined();
  });
});

describe('fetching', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);

  it('runs at most four fetches at once, in the order of the configuration', async () => {
    const names = many(12);
    const at = world(configurationOf(names.map((name) => token(name))));
    let [now, most] = [0, 0];
    for (const name of names) {
      at.sources[name] = {
        answer: async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise<void>((resolve) => at.clock.after(SECOND, resolve));
          now -= 1;
          return { values: { token: `slow-${name}` }, fetchedAt: at.clock.now() };
        },
      };
    }
    await at.clock.pass(SECOND + 10);
    expect(most).toBe(4);
    expect(Object.keys(at.asked)).toEqual(names.slice(0, 8));
    await at.clock.pass(3 * SECOND);
    expect([most, Object.keys(at.asked)]).toEqual([4, names]);
  });

  it('is not blocked by four hanging sources: the fifth token is fetched and renewed in time', async () => {
    const names = many(4);
    const sources = Object.fromEntries(names.map((name) => [name, { answer: hanging }]));
    const tokens = [...names, 'fifth'].map((name) => token(name));
    const at = world(configurationOf(tokens), { ...sources, fifth: { lifetime: 5 * SECOND } });
    await at.clock.pass(3 * SECOND);
    for (let passed = 0; passed < 5 * MINUTE; passed += 250) {
      await at.clock.pass(250);
      expect(at.agent.current('fifth')).toBeDefined();
    }
    expect(at.status('t0')).toMatchObject({
      state: 'waiting',
      lastError: 'its source did not respond within 30 seconds',
    });
    expect(at.status('t0').failures).toBeGreaterThan(5);
  });

  it('renews a token with a lifetime of 5 seconds in time among 120 hanging sources', async () => {
    const names = many(120);
    const sources = Object.fromEntries(names.map((name) => [name, { answer: hanging }]));
    const at = world(configurationOf([...names, 'last'].map((name) => token(name))), {
      ...sources,
      last: { lifetime: 5 * SECOND },
    });
    // The queue treats a source as slow only after it has hung once.
    await at.clock.pass(2 * MINUTE);
    for (let passed = 0; passed < MINUTE; passed += 250) {
      await at.clock.pass(250);
      expect(at.agent.current('last')).toBeDefined();
    }
    // It never waits for a slot.
    const before = at.asked.last?.length ?? 0;
    await at.agent.refresh('last');
    expect(at.asked.last).toHaveLength(before + 1);
  });

  it('aborts a source that takes too long, and ignores its later result', async () => {
    const at = world(configurationOf([token('a')]));
    let signal: AbortSignal | undefined;
    const late = Promise.withResolvers<Token>();
    at.sources.a = {
      answer(_, given) {
        signal = given;
        return late.promise;
      },
    };
    await at.clock.pass(29 * SECOND);
    expect(signal?.aborted).toBe(false);
    await at.clock.pass(SECOND + 10);
    expect(signal?.aborted).toBe(true);
    at.sources.a = { answer: failing() };
    late.resolve({ values: { token: 'much-too-late' }, fetchedAt: at.clock.now() });
    await at.clock.pass(MINUTE);
    expect(at.agent.current('a')).toBeUndefined();
  });

  it('waits longer for a source with a longer configured timeout', async () => {
    const at = world(configurationOf([token('a', { source: { timeout_seconds: 60 } })]), { a: { answer: hanging } });
    await at.clock.pass(179 * SECOND);
    expect(at.status('a').failures).toBe(0);
    await at.clock.pass(2 * SECOND);
    expect(at.status('a').failures).toBe(1);
  });

  it('happens immediately on a refresh, and reports why it failed', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    await expect(at.agent.refresh('a')).resolves.toMatchObject({ state: 'fresh', fetches: { succeeded: 2 } });
    expect(valueAt(at, '/a')).toBe('value-2-of-a');
    at.sources.a = { answer: failing('no such client') };
    await expect(at.agent.refresh('a')).rejects.toThrow('no such client');
    await expect(at.agent.refresh('b')).rejects.toThrow(RangeError);
  });

  it('runs once per token for any number of callers', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    await Promise.all([at.agent.refresh('a'), at.agent.refresh('a'), at.agent.refresh('a')]);
    expect(at.asked.a).toHaveLength(2);
  });
});

describe('an idle agent', () => {
  it('has one timer for 200 tokens, and wakes up every 5 seconds', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `t${index}`);
    const at = fakeWorld(
      configurationOf(names.map((name) => token(name))),
      Object.fromEntries(names.map((name) => [name, { lifetime: 12 * HOUR }])),
    );
    await at.clock.pass(MINUTE);
    expect(at.clock.timers()).toBe(1);
    const before = at.clock.fired();
    await at.clock.pass(10 * MINUTE);
    expect(at.clock.fired() - before).toBeLessThanOrEqual(121);
  });
});
