import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, HOUR, hanging, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

describe('another configuration', () => {
  it('keeps unchanged tokens, starts new ones and withdraws removed ones', async () => {
    const at = world(configurationOf([token('same'), token('gone')]), { same: { lifetime: HOUR }, gone: {}, more: {} });
    await at.clock.pass(SECOND);
    const changes: unknown[] = [];
    at.agent.onChange((name, now) => changes.push([name, now?.values.token]));
    const before = at.status('same');
    await at.agent.reload(configurationOf([token('more'), token('same')]));
    await at.clock.pass(SECOND);
    expect(at.status('same')).toEqual(before);
    expect(at.agent.statuses().map(({ name }) => name)).toEqual(['more', 'same']);
    expect(at.done.slice(2)).toEqual(['withdraw /gone removed from the configuration', 'publish /more']);
    expect(at.closed).toEqual(['gone']);
    expect(at.agent.current('gone')).toBeUndefined();
    expect(changes).toEqual([
      ['gone', undefined],
      ['more', 'value-1-of-more'],
    ]);
  });

  it('writes the same token to other outputs without a fetch', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    await at.agent.reload(configurationOf([token('t', { output: [{ file_path: '/other', format: 'raw' }] })]));
    expect(at.asked.t).toHaveLength(1);
    expect(at.done).toEqual(['publish /t', 'withdraw /t removed from the configuration', 'publish /other']);
    expect(at.status('t').outputs).toEqual([{ name: 'file /other' }]);
  });

  it('fetches immediately from a changed source, and keeps the token in use until then', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    const previous: unknown[] = [];
    at.sources.t = {
      answer(before) {
        previous.push(before);
        return failing()();
      },
    };
    await at.agent.reload(configurationOf([token('t', { source: { url: 'https://other.example' } })]));
    await at.clock.pass(MINUTE);
    expect(valueAt(at, '/t')).toBe('value-1-of-t');
    // A source does not renew a token of another source.
    expect(new Set(previous)).toEqual(new Set([undefined]));
    expect(at.closed).toEqual(['t']);
    at.sources.t = { lifetime: HOUR };
    await at.clock.pass(MINUTE);
    expect(valueAt(at, '/t')).not.toBe('value-1-of-t');
    expect(at.done.filter((one) => one.startsWith('withdraw'))).toEqual([]);
  });

  it('fetches sooner with a shorter interval', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: HOUR } });
    await at.clock.pass(10 * MINUTE);
    await at.agent.reload(configurationOf([token('t', { refresh_interval_minutes: 12 })]));
    await at.clock.pass(2 * MINUTE);
    expect(at.asked.t).toHaveLength(2);
  });

  it('takes effect even if an old source cannot be closed', async () => {
    const at = world(configurationOf([token('t'), token('gone')]), {
      t: { lifetime: HOUR },
      gone: { close: failing('logging out failed') as never },
    });
    await at.clock.pass(SECOND);
    await expect(at.agent.reload(configurationOf([token('t')]))).resolves.toBeUndefined();
    expect(at.logged.at(-1)).toMatchObject({ message: 'a source could not be closed' });
  });

  it('changes nothing if a source refuses it', async () => {
    const at = world(configurationOf([token('t')]), { t: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    const next = configurationOf([token('new'), token('t', { type: 'refused', source: { url: 'x' } })]);
    await expect(at.agent.reload(next)).rejects.toThrow('no such source');
    await at.clock.pass(MINUTE);
    expect(at.agent.statuses().map(({ name, state }) => [name, state])).toEqual([['t', 'fresh']]);
    expect(at.done).toEqual(['publish /t']);
  });
});

describe('stopping the agent', () => {
  it('aborts fetches, withdraws tokens from outputs, closes sources, and serves no token afterwards', async () => {
    const at = world(configurationOf([token('t'), token('hangs')]), { t: { lifetime: HOUR } });
    let given: AbortSignal | undefined;
    at.sources.hangs = {
      answer(_, signal) {
        given = signal;
        return hanging();
      },
    };
    await at.clock.pass(SECOND);
    await at.agent.stop();
    expect(given?.aborted).toBe(true);
    expect(at.done).toEqual(['publish /t', 'withdraw /t stopped', 'withdraw /hangs stopped']);
    expect(at.closed).toEqual(['t', 'hangs']);
    expect(at.agent.current('t')).toBeUndefined();
    await expect(at.agent.refresh('t')).rejects.toThrow('this token is no longer in the configuration');
    await at.clock.pass(HOUR);
    expect(at.asked.t).toHaveLength(1);
    await at.agent.stop();
    expect(at.closed).toHaveLength(2);
  });

  it('finishes even if a source hangs while it is closed', async () => {
    const at = world(configurationOf([token('t')]), { t: { close: hanging as never } });
    await at.clock.pass(SECOND);
    const stopped = at.agent.stop().then(() => 'stopped');
    await at.clock.pass(5 * SECOND);
    expect(await stopped).toBe('stopped');
  });

  it('settles tokens that were never fetched', async () => {
    const at = world(configurationOf([token('t')]), { t: { answer: hanging } });
    await at.clock.pass(SECOND);
    await at.agent.stop();
    expect((await at.agent.settled)[0]).toMatchObject({ state: 'waiting' });
  });
});
