import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, HOUR, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

describe('a token on a machine with an unsteady clock', () => {
  it('is fetched within seconds after the machine was suspended past its renewal time', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(MINUTE);
    at.clock.set(45 * MINUTE);
    await at.clock.pass(5 * SECOND);
    expect(valueAt(at, '/a')).toBe('value-2-of-a');
    expect(at.status('a').state).toBe('fresh');
  });

  it('is never served after the machine was suspended past its expiry', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(MINUTE);
    at.sources.a = { answer: failing() };
    at.clock.set(2 * HOUR);
    expect(at.agent.current('a')).toBeUndefined();
    expect(at.status('a').state).toBe('expired');
    await at.clock.pass(5 * SECOND);
    expect(at.done).toEqual(['publish /a', 'withdraw /a expired']);
  });

  it('expires in time although the clock was set back, and is renewed because its expiry came from a wrong clock', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(MINUTE);
    at.clock.set(-24 * HOUR);
    await at.clock.pass(6 * SECOND);
    expect(at.asked.a).toHaveLength(2);
    expect(at.status('a').expiresAt).toBeLessThan(at.clock.now() + HOUR);
    at.sources.a = { answer: failing() };
    await at.clock.pass(HOUR);
    expect(at.agent.current('a')).toBeUndefined();
    expect(at.status('a').state).toBe('expired');
  });

  it('expires in time although the clock is set back while its source is unavailable', async () => {
    const at = world(configurationOf([token('a')]), { a: { lifetime: HOUR } });
    await at.clock.pass(SECOND);
    at.sources.a = { answer: failing() };
    at.clock.set(-24 * HOUR);
    await at.clock.pass(HOUR - 2 * SECOND);
    expect(at.agent.current('a')).toBeDefined();
    await at.clock.pass(2 * SECOND);
    expect(at.agent.current('a')).toBeUndefined();
  });

  it('is not fetched in a loop after the clock was set back if its source returns the same token', async () => {
    const at = world(configurationOf([token('a')]));
    const end = at.clock.now() + HOUR;
    at.sources.a = {
      answer: async () => ({ values: { token: 'the-same' }, fetchedAt: at.clock.now(), expiresAt: end }),
    };
    await at.clock.pass(MINUTE);
    at.clock.set(-10 * MINUTE);
    await at.clock.pass(10 * MINUTE);
    expect(at.asked.a?.length).toBeLessThan(5);
  });
});
