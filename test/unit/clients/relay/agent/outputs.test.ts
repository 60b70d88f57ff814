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
  it('is restored within seconds after it was deleted, without a fetch and without a notification', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.files.delete('/b');
    await at.clock.pass(5 * SECOND);
    expect(valueAt(at, '/b')).toBe('value-1-of-t');
    expect(at.asked.t).toHaveLength(1);
    expect(at.hooks).toEqual(['t']);
    expect(at.done).toEqual(['publish /a', 'publish /b', 'publish /b']);
  });

  it('is reported as missing on a status request, and then restored immediately', async () => {
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

  it('is retried after a failure, without affecting other outputs', async () => {
    const at = world(configurationOf([token('t', twoFiles)]), { t: { lifetime: HOUR } });
    at.broken.add('/a');
    await at.clock.pass(MINUTE);
    expect(valueAt(at, '/b')).toBe('value-1-of-t');
    expect(at.status('t')).toMatchObject({
      state: 'retrying',
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
    // Only after every output has the token.
    expect(at.hooks).toEqual(['t']);
  });

  it('is never written with a token that expired before the retry', async () => {
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

describe('a change notification', () => {
  it('follows the writes of the outputs, and a failing listener does not affect others', async () => {
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

describe('a token that depends on another', () => {
  const secret = { token: 'first' };

  it('is fetched as soon as the other is available, and waiting does not count as a failure', async () => {
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

  it('is fetched if the other becomes available while its own fetch is failing', async () => {
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

  it('is not fetched again when the other is renewed', async () => {
    const at = world(configurationOf([token('first'), token('second')]), {
      first: { lifetime: MINUTE },
      second: { lifetime: HOUR, secret },
    });
    await at.clock.pass(30 * MINUTE);
    expect(at.asked.first?.length).toBeGreaterThan(30);
    expect(at.asked.second).toHaveLength(1);
  });

  it('is settled together with the other at a successful start', async () => {
    const at = world(configurationOf([token('second'), token('first')]), { first: {}, second: { secret } });
    await at.clock.pass(100);
    expect((await at.agent.settled).map(({ state }) => state)).toEqual(['fresh', 'fresh']);
  });
});
