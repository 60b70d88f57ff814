import { SourceFailure } from 'tokenrelay/model/source.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, HOUR, hanging, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

describe('a token that its issuer took back', () => {
  it('is withdrawn within the time that the issuer says, and another is fetched at once', async () => {
    const at = world(configurationOf([token('t')]), {
      t: {
        lifetime: HOUR,
        revocation: async ({ values }) => ({ revoked: revoked.has(values.token ?? ''), askAgainIn: 15 * SECOND }),
      },
    });
    const revoked = new Set<string>();
    const changes: unknown[] = [];
    at.agent.onChange((_, now) => changes.push(now?.values.token));
    await at.clock.pass(MINUTE);
    revoked.add('value-1-of-t');
    await at.clock.pass(15 * SECOND);
    expect(at.done).toEqual(['publish /t', 'withdraw /t revoked', 'publish /t']);
    expect(valueAt(at, '/t')).toBe('value-2-of-t');
    expect(changes).toEqual(['value-1-of-t', undefined, 'value-2-of-t']);
    expect(at.status('t').state).toBe('fresh');
  });

  it('is called revoked until there is another, and its issuer is asked as after any failure', async () => {
    let revoked = false;
    const at = world(configurationOf([token('t')]), {
      t: { lifetime: HOUR, revocation: async () => ({ revoked, askAgainIn: 15 * SECOND }) },
    });
    await at.clock.pass(MINUTE);
    at.sources.t = { answer: failing('blocked') };
    revoked = true;
    await at.clock.pass(MINUTE);
    expect(at.status('t')).toMatchObject({ state: 'revoked', lastError: 'blocked' });
    expect(at.agent.current('t')).toBeUndefined();
  });

  it('does not make the agent spin where each new one is revoked, too', async () => {
    const at = world(
      configurationOf([token('t')]),
      {
        t: { lifetime: HOUR, revocation: async () => ({ revoked: true, askAgainIn: SECOND }) },
      },
      { random: () => 0.999 },
    );
    await at.clock.pass(HOUR);
    expect(at.asked.t?.length).toBeGreaterThan(50);
    expect(at.asked.t?.length).toBeLessThan(75);
  });

  it('does not come back although its source gives the same again', async () => {
    let revoked = false;
    const at = world(configurationOf([token('t')]), {
      t: { lifetime: HOUR, revocation: async () => ({ revoked, askAgainIn: 15 * SECOND }) },
    });
    await at.clock.pass(MINUTE);
    const same = at.agent.current('t');
    at.sources.t = { answer: async () => ({ values: {}, ...same, fetchedAt: at.clock.now() }) };
    revoked = true;
    await at.clock.pass(10 * MINUTE);
    expect(at.done).toEqual(['publish /t', 'withdraw /t revoked']);
    expect(at.status('t')).toMatchObject({
      state: 'revoked',
      lastError: 'its source returned the revoked token again',
    });
    at.sources.t = { lifetime: HOUR };
    revoked = false;
    await at.clock.pass(MINUTE);
    expect(at.status('t').state).toBe('fresh');
  });

  it('is withdrawn, too, while the new settings of its source give no other', async () => {
    let revoked = false;
    const at = world(configurationOf([token('t')]), {
      t: { lifetime: HOUR, revocation: async () => ({ revoked, askAgainIn: 15 * SECOND }) },
    });
    await at.clock.pass(MINUTE);
    at.sources.t = { ...at.sources.t, answer: failing() };
    await at.agent.reload(configurationOf([token('t', { source: { timeout_seconds: 5 } })]));
    revoked = true;
    await at.clock.pass(15 * SECOND);
    expect(at.status('t').state).toBe('revoked');
    expect(valueAt(at, '/t')).toBeUndefined();
  });

  it('stays where nobody knows, and a question that hangs delays no other token', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const at = world(configurationOf(names.map((name) => token(name))), {
      ...Object.fromEntries(names.map((name) => [name, { lifetime: HOUR, revocation: hanging as never }])),
      e: { lifetime: HOUR, revocation: async () => Promise.reject(new SourceFailure('no answer')) },
    });
    await at.clock.pass(10 * MINUTE);
    for (const name of names) expect(at.status(name)).toMatchObject({ state: 'fresh', failures: 0 });
    const asked = at.logged.filter(({ details }) => details.token === 'e' && details.error === 'no answer');
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.length).toBeLessThan(60);
  });
});
