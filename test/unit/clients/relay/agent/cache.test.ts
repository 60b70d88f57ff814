import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cached, cacheAt } from 'tokenrelay/agent/cache.ts';
import { EncryptionFailure, keyOf } from 'tokenrelay/agent/encryption.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeClock, START } from './fake-clock.ts';
import { configurationOf, failing, HOUR, MINUTE, SECOND, token } from './fake-world.ts';
import { valueAt, watchedWorlds } from './watched-world.ts';

const KEY = randomBytes(32);
const settings = token('t', { source: { url: 'https://issuer.example' } });
const held: Token = {
  values: { token: 'kept-over-a-restart' },
  fetchedAt: START,
  expiresAt: START + HOUR,
  handle: { lease: 'l' },
};

describe('the file of the cache', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'relay-cache-'));
    path = join(folder, 'cache');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const cache = ({ at = path, key = KEY.toString('base64'), clock = fakeClock() } = {}) =>
    cacheAt({ path: at, key: { env: 'KEY' } }, { clock, secret: async () => key });

  it('returns all tokens unchanged, including expired ones', async () => {
    const ended = { settings: token('ended'), token: { ...held, expiresAt: START - 1 } };
    await cache().write([{ settings, token: held }, ended]);
    expect(await cache().read([settings, ended.settings])).toEqual(
      new Map([
        ['t', held],
        ['ended', ended.token],
      ]),
    );
  });

  it('is empty without an error before the first token is written', async () => {
    expect(await cache().read([settings])).toEqual(new Map());
    await expect(cache({ at: join(path, 'below') }).read([settings])).resolves.toEqual(new Map());
    await writeFile(path, '');
    await expect(cache({ at: join(path, 'below') }).read([settings])).rejects.toThrow(EncryptionFailure);
  });

  it('contains no token value in plain text, and only its owner can read it', async () => {
    await cache().write([{ settings, token: held }]);
    const encrypted = await readFile(path);
    expect(encrypted.toString()).not.toContain('kept-over');
    expect(Buffer.from(encrypted.toString(), 'base64').toString('latin1')).not.toContain('kept-over');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('differs on each write, because each write has its own nonce', async () => {
    const tokens: Cached[] = [{ settings, token: held }];
    await cache().write(tokens);
    const before = await readFile(path, 'utf8');
    await cache().write(tokens);
    expect((await readFile(path, 'utf8')).slice(0, 16)).not.toBe(before.slice(0, 16));
  });

  it('is refused after any change to its content', async () => {
    await cache().write([{ settings, token: held }]);
    const bytes = Buffer.from(await readFile(path, 'utf8'), 'base64');
    for (const at of [0, 13, 30, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await writeFile(path, changed.toString('base64'));
      await expect(cache().read([settings])).rejects.toThrow(EncryptionFailure);
    }
    for (const text of ['', 'AAAA', 'no cache at all']) {
      await writeFile(path, text);
      await expect(cache().read([settings])).rejects.toThrow(EncryptionFailure);
    }
  });

  it('is refused with another key, and at the path of another cache', async () => {
    await cache().write([{ settings, token: held }]);
    await expect(cache({ key: randomBytes(32).toString('hex') }).read([settings])).rejects.toThrow('another key');
    await writeFile(`${path}-of-another`, await readFile(path));
    await expect(cache({ at: `${path}-of-another` }).read([settings])).rejects.toThrow('another path');
  });

  it('returns no token for a source other than the one that issued it', async () => {
    await cache().write([{ settings, token: held }]);
    expect(await cache().read([token('t', { source: { url: 'https://other.example' } })])).toEqual(new Map());
    expect(await cache().read([token('t', { ...settings, refresh_at: 0.5 })])).toEqual(new Map([['t', held]]));
  });

  it('returns no token with a fetch time in the future', async () => {
    await cache().write([{ settings, token: { ...held, fetchedAt: START + 10 * MINUTE } }]);
    expect(await cache().read([settings])).toEqual(new Map());
  });

  it('is not written to a folder that other users can write in', async () => {
    await chmod(folder, 0o777);
    await expect(cache().write([{ settings, token: held }])).rejects.toThrow(/other users can write/);
  });

  it('reports what is wrong with its key', async () => {
    for (const key of ['', 'short', KEY.toString('base64').slice(1), `${KEY.toString('hex')}00`]) {
      await expect(cache({ key }).write([])).rejects.toThrow('the key must be 32 bytes');
    }
    const away = cacheAt({ path, key: { env: 'KEY' } }, { clock: fakeClock(), secret: failing('no KEY') as never });
    await expect(away.write([])).rejects.toThrow('no KEY');
    const circular = cacheAt(
      { path, key: { token: 't' } },
      { clock: fakeClock(), secret: async () => KEY.toString('hex') },
    );
    await expect(circular.write([])).rejects.toThrow('must not be a token');
  });
});

describe('a key', () => {
  it('is 32 bytes in any common encoding', () => {
    for (const text of [
      KEY.toString('base64'),
      KEY.toString('base64url'),
      KEY.toString('hex'),
      `${KEY.toString('base64')}\n`,
    ]) {
      expect(keyOf(text).equals(KEY)).toBe(true);
    }
  });
});

describe('an agent with a cache', () => {
  const { world, expectNoValueTold } = watchedWorlds();
  afterEach(expectNoValueTold);
  const withCache = configurationOf([token('t', { after_renewal: { command: ['/bin/true'] } })], {
    cache: { path: '/var/lib/tokenrelay/cache', key: { env: 'KEY' } },
  });

  /** An in-memory cache. */
  const memory = (tokens: Token[] = []) => {
    const written: string[][] = [];
    return {
      written,
      read: async () => new Map(tokens.map((one) => ['t', one])),
      write: async (now: readonly Cached[]) => void written.push(now.map(({ token }) => token.values.token ?? '')),
    };
  };

  it('serves the last token after a restart while its source is unavailable, until the token expires', async () => {
    const at = world(
      withCache,
      { t: { answer: failing() } },
      { cache: memory([{ ...held, expiresAt: START + 5 * MINUTE }]) },
    );
    at.values.add('kept-over-a-restart');
    await at.clock.pass(MINUTE);
    expect(valueAt(at, '/t')).toBe('kept-over-a-restart');
    expect(at.status('t')).toMatchObject({ state: 'retrying', fetchedAt: START });
    expect(at.hooks).toEqual([]);
    await at.clock.pass(5 * MINUTE);
    expect(at.files.size).toBe(0);
    expect(at.status('t').state).toBe('expired');
  });

  it('removes tokens that expired while the agent was stopped, even if the source is unavailable', async () => {
    const cache = memory([{ ...held, expiresAt: START - 1 }]);
    const at = world(withCache, { t: { answer: failing() } }, { cache });
    await at.clock.pass(MINUTE);
    expect(at.done).toEqual(['withdraw /t expired']);
    expect(at.agent.current('t')).toBeUndefined();
    expect(at.status('t').state).toBe('expired');
    expect(cache.written).toEqual([[]]);
  });

  it('still fetches immediately, with the handle of the cached token', async () => {
    const previous: (Token | undefined)[] = [];
    const at = world(withCache, {}, { cache: memory([held]) });
    at.sources.t = {
      async answer(before) {
        previous.push(before);
        return { ...held, values: { token: 'another-one' }, fetchedAt: at.clock.now() };
      },
    };
    await at.clock.pass(SECOND);
    expect(previous).toEqual([held]);
    expect(valueAt(at, '/t')).toBe('another-one');
    expect(at.hooks).toEqual(['t']);
  });

  it('writes the cache after each change, including removals, and keeps it after it stops', async () => {
    const cache = memory();
    const at = world(withCache, { t: { lifetime: HOUR } }, { cache });
    await at.clock.pass(SECOND);
    expect(cache.written).toEqual([['value-1-of-t']]);
    at.sources.t = { answer: failing() };
    await at.clock.pass(HOUR);
    expect(cache.written.slice(1)).toEqual([[]]);
    at.sources.t = { lifetime: HOUR };
    await at.agent.refresh('t');
    await at.agent.stop();
    expect(cache.written[2]?.[0]).toMatch(/^value-\d+-of-t$/);
  });

  it('continues without the cache if it cannot be read or written, and logs that', async () => {
    const broken = () => Promise.reject(new EncryptionFailure('it was changed since'));
    const at = world(withCache, { t: { lifetime: HOUR } }, { cache: { read: broken, write: broken } });
    await at.clock.pass(SECOND);
    expect(at.status('t').state).toBe('fresh');
    const said = at.logged.filter(({ details }) => details.cache === '/var/lib/tokenrelay/cache');
    expect(said.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the cache is not used'],
      ['error', 'the cache could not be written'],
    ]);
    expect(said[0]?.details.error).toBe('it was changed since');
  });

  it('withdraws a cached token as soon as its source reports it as revoked', async () => {
    const at = world(
      withCache,
      { t: { answer: failing(), revocation: async () => ({ revoked: true, askAgainIn: MINUTE }) } },
      { cache: memory([held]) },
    );
    await at.clock.pass(SECOND);
    expect(at.done).toEqual(['publish /t', 'withdraw /t revoked']);
  });

  it('logs nothing about a missing cache', async () => {
    const at = world(configurationOf([token('t')]), { t: {} });
    await at.clock.pass(SECOND);
    await expect(at.agent.refresh('t')).resolves.not.toBeInstanceOf(SourceFailure);
    expect(at.logged.filter(({ message }) => message.includes('cache'))).toEqual([]);
  });
});
