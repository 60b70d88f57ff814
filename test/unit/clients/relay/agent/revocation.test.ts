import { SourceFailure } from 'tokenrelay/model/source.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { configurationOf, failing, HOUR, hanging, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const { world, expectNoValueTold } = watchedWorlds();
afterEach(expectNoValueTold);

describe('a token that its issuer revoked', () => {
  it('is withdrawn within the interval of the issuer, and another is fetched immediately', async () => {
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

  it('has state revoked until there is another, and the issuer is retried as after any failure', async () => {
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

  it('does not cause a fetch loop if each new token is revoked too', async () => {
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

  it('is refused if its source returns it again', async () => {
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

  it('is withdrawn even if the new settings of its source return no other', async () => {
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

  it('stays while its revocation status is unknown, and a hanging check delays no other token', async () => {
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
