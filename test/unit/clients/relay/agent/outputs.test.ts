import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, HOUR, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

const twoFiles = {
  output: ['/a', '/b'].map((file_path) => ({ file_path, format: 'raw' })),
  after_renewal: { command: ['/bin/true'] },
};

describe('an output', () => {
  it('is restored within seconds after somebody deleted it, without a fetch and without waking anybody', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.files.delete('/b');
    await at.clock.pass(5 * SECOND);
    expect(valueAt(at, '/b')).toBe('value-1-of-t');
    expect(at.asked.t).toHaveLength(1);
    expect(at.hooks).toEqual(['t']);
    expect(at.done).toEqual(['publish /a', 'publish /b', 'publish /b']);
  });

  it('that is missing is told of to whoever asks, at that moment, and then restored at once', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.files.delete('/b');
    expect(await at.agent.inspect()).toMatchObject([
      { state: 'fresh', outputs: [{ name: 'file /a' }, { name: 'file /b', problem: 'is missing' }] },
    ]);
    await at.clock.pass(1);
    expect(valueAt(at, '/b')).toBe('value-1-of-t');
    expect((await at.agent.inspect())[0]?.outputs).toEqual([{ name: 'file /a' }, { name: 'file /b' }]);
    expect(at.asked.t).toHaveLength(1);
  });

  it('that fails is tried again by itself, and keeps no other from being written', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: HOUR } });
    at.broken.add('/a');
    await at.clock.pass(MINUTE);
    expect(valueAt(at, '/b')).toBe('value-1-of-t');
    expect(at.status('t')).toMatchObject({
      state: 'fresh',
      lastError: 'file /a: it failed unexpectedly (ENOSPC)',
      outputs: [{ name: 'file /a', problem: 'it failed unexpectedly (ENOSPC)' }, { name: 'file /b' }],
    });
    expect(at.done.filter((one) => one === 'publish /a').length).toBeGreaterThan(10);
    expect(at.done.filter((one) => one === 'publish /b')).toHaveLength(1);
    expect(at.asked.t).toHaveLength(1);
    expect(at.hooks).toEqual([]);
    at.broken.clear();
    await at.clock.pass(4 * SECOND);
    expect(valueAt(at, '/a')).toBe('value-1-of-t');
    expect(at.status('t').lastError).toBeUndefined();
    // Once every output has it.
    expect(at.hooks).toEqual(['t']);
  });

  it('that could not be written is never written with what has ended meanwhile', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: MINUTE } });
    at.broken.add('/a');
    await at.clock.pass(SECOND);
    at.sources.t = { answer: failing() };
    await at.clock.pass(MINUTE);
    at.broken.clear();
    await at.clock.pass(MINUTE);
    expect([...at.files]).toEqual([]);
    expect(at.done.slice(-2)).toEqual(['withdraw /a expired', 'withdraw /b expired']);
  });

  it('is not restored after it was withdrawn', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: MINUTE } });
    await at.clock.pass(SECOND);
    at.sources.t = { answer: failing() };
    await at.clock.pass(10 * MINUTE);
    expect(at.done).toEqual(['publish /t', 'withdraw /t expired']);
  });
});

describe('what is told of changes', () => {
  it('comes after the outputs have the token, and a listener that fails harms nobody', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: HOUR } });
    const seen: unknown[] = [];
    at.agent.onChange(() => {
      throw new Error('a fault of who listens');
    });
    const end = at.agent.onChange((name, now) => seen.push([name, now?.values.token, valueAt(at, '/t')]));
    await at.clock.pass(SECOND);
    expect(seen).toEqual([['t', 'value-1-of-t', 'value-1-of-t']]);
    end();
    await at.agent.refresh('t');
    expect(seen).toHaveLength(1);
  });
});

describe('a token that needs another', () => {
  const secret = { token: 'first' };

  it('is fetched as soon as the other is there, and its waiting is no failure', async () => {
    const at = world(configurationOf([token('second'), token('first')]), {
      second: { lifetime: HOUR, secret },
      first: { answer: failing() },
    });
    await at.clock.pass(10 * MINUTE);
    expect(at.status('second')).toMatchObject({
      state: 'waiting',
      failures: 0,
      fetches: { succeeded: 0, failed: 0 },
      lastError: 'waiting for the token first',
    });
    expect((await at.agent.settled).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    at.sources.first = { lifetime: HOUR };
    await at.clock.pass(4 * SECOND);
    const [there] = at.asked.first?.slice(-1) ?? [];
    expect(at.asked.second).toEqual([expect.closeTo(there ?? Number.NaN, -1.5)]);
    expect(at.status('second').state).toBe('fresh');
  });

  it('is fetched, too, where the other comes while it is still giving up', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const at = world(configurationOf([token('second'), token('first')]), {
      second: { secret, beforeGivingUp: promise },
      first: {},
    });
    await at.clock.pass(SECOND);
    expect(at.status('first').state).toBe('fresh');
    resolve();
    await at.clock.pass(SECOND);
    expect(at.status('second').state).toBe('fresh');
  });

  it('is not fetched anew because the other was', async () => {
    const at = world(configurationOf([token('first'), token('second')]), {
      first: { lifetime: MINUTE },
      second: { lifetime: HOUR, secret },
    });
    await at.clock.pass(30 * MINUTE);
    expect(at.asked.first?.length).toBeGreaterThan(30);
    expect(at.asked.second).toHaveLength(1);
  });

  it('settles together with it at a start where all goes well', async () => {
    const at = world(configurationOf([token('second'), token('first')]), { first: {}, second: { secret } });
    await at.clock.pass(100);
    expect((await at.agent.settled).map(({ state }) => state)).toEqual(['fresh', 'fresh']);
  });
});
