import { isDeepStrictEqual } from 'node:util';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import type { Alerts } from '../hooks/alerts.ts';
import { reasonOf } from '../model/reason.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import { workQueue } from '../model/work-queue.ts';
import type { Alert } from '../settings/hooks.ts';
import type { SecretReference } from '../settings/secret-reference.ts';
import type { Agent, World } from './agent.ts';
import type { Cache } from './cache.ts';
import { cacheWriter } from './cache-writer.ts';
import { startTicker } from './ticker.ts';
import { deadlineIn, left, momentOf } from './times.ts';
import { type Makers, type TokenDriver, tokenDriver } from './token-driver.ts';

/** Factories for the parts of the agent. An interface, so that tests can replace the parts. */
export interface AgentMakers extends Makers {
  secretReader(tokens: Pick<Tokens, 'current'>): (reference: SecretReference) => Promise<string>;
  alerts(settings: readonly Alert[]): Alerts;
  cache(settings: NonNullable<Configuration['cache']>, secret: (reference: SecretReference) => Promise<string>): Cache;
}

/** The maximum number of concurrent fetches, and of concurrent revocation checks. */
const AT_ONCE = 4;
/** Milliseconds after which a slow issuer no longer blocks others. */
const SLOT = 2_000;
/** The interval between checks of the outputs, in milliseconds. */
const CHECK_INTERVAL = 5_000;
/** The time limit for stopping, in milliseconds. */
const LONGEST_STOP = 5_000;

/** Creates the agent for the tokens of a configuration, each with its driver. */
export function tokenSet(first: Configuration, world: World, makers: AgentMakers): Agent {
  const { clock, log, env, configFolder, configFile } = world;
  const credentialsFolder = env.CREDENTIALS_DIRECTORY;
  const listeners = new Set<(name: string, token: Token | undefined) => void>();
  const queue = () => workQueue(clock, { atOnce: AT_ONCE, slot: SLOT });
  const [fetches, revocations] = [queue(), queue()];
  const settled = Promise.withResolvers<TokenStatus[]>();
  let drivers: ReadonlyMap<string, TokenDriver> = new Map();
  let alerts = makers.alerts(first.alerts ?? []);
  let alertSettings = first.alerts ?? [];
  let nextCheck = deadlineIn(momentOf(clock), CHECK_INTERVAL);
  /** Whether the cache was read, if there is one. Nothing is fetched before. */
  let isStarted = false;
  let isSettled = false;
  let stopping: Promise<void> | undefined;

  const current = (name: string) => drivers.get(name)?.current();
  const isThere = (name: string) => current(name) !== undefined;
  const statuses = () => [...drivers.values()].map((driver) => driver.status());
  const secret = makers.secretReader({ current });
  const cache = cacheWriter(first.cache, {
    clock,
    log,
    open: (settings) => makers.cache(settings, secret),
    tokens: () =>
      [...drivers.values()].flatMap((driver) => {
        const token = driver.cacheable();
        return token === undefined ? [] : [{ settings: driver.settings, token }];
      }),
  });

  function drive(settings: TokenSettings): TokenDriver {
    const { name } = settings;
    return tokenDriver(settings, {
      ...{ clock, log, configFolder, configFile, credentialsFolder, makers, fetches, revocations, secret, isThere },
      taken(token) {
        cache.changed();
        if (token === undefined) return;
        for (const driver of drivers.values()) if (driver.waitsFor() === name) driver.hurry();
      },
      published: (token) => tell(name, token),
      changed: () => ticker.lookNow(),
    });
  }

  function tell(name: string, token: Token | undefined): void {
    for (const listener of listeners) {
      try {
        listener(name, token);
      } catch (error) {
        log.error({ token: name, error: reasonOf(error) }, 'a change listener failed');
      }
    }
  }

  function tick(): void {
    if (!isStarted) return;
    const isCheckDue = left(nextCheck, momentOf(clock)) === 0;
    if (isCheckDue) nextCheck = deadlineIn(momentOf(clock), CHECK_INTERVAL);
    if (isCheckDue) void inspect();
    for (const driver of drivers.values()) {
      driver.tick();
      if (alertSettings.length > 0) alerts.look(driver.status(), driver.leftShare());
    }
    if (!isSettled && areAllTried(drivers, isThere)) {
      isSettled = true;
      settled.resolve(statuses());
    }
  }

  async function inspect(): Promise<TokenStatus[]> {
    await Promise.all([...drivers.values()].map((driver) => driver.look()));
    const found = statuses();
    if (stopping === undefined && dueIn() <= 0) ticker.lookNow();
    return found;
  }

  const dueIn = () =>
    [...drivers.values()].reduce((least, driver) => Math.min(least, driver.dueIn()), left(nextCheck, momentOf(clock)));

  drivers = new Map(first.tokens.map((settings) => [settings.name, drive(settings)]));
  const ticker = startTicker(clock, { dueIn, tick });
  const started = first.cache === undefined ? start() : restore().then(start);

  async function restore(): Promise<void> {
    for (const [name, token] of await cache.restore(first.tokens)) drivers.get(name)?.restore(token);
  }

  async function start(): Promise<void> {
    isStarted = true;
    ticker.lookNow();
  }

  async function reload(next: Configuration): Promise<void> {
    await started;
    if (stopping !== undefined) return;
    // Do everything that may throw first, before anything has changed.
    const changes = next.tokens.map((settings) => {
      const before = drivers.get(settings.name);
      if (before === undefined) return { name: settings.name, driver: drive(settings), go: async () => {} };
      return { name: settings.name, driver: before, go: before.prepare(settings) };
    });
    const nextDrivers = new Map(changes.map(({ name, driver }) => [name, driver]));
    const gone = [...drivers].filter(([name]) => !nextDrivers.has(name));
    drivers = nextDrivers;
    if (!isDeepStrictEqual(alertSettings, next.alerts ?? [])) {
      alerts.stop();
      alertSettings = next.alerts ?? [];
      alerts = makers.alerts(alertSettings);
    }
    cache.change(next.cache);
    if (gone.length > 0) cache.changed();
    // End removed tokens first: another token may now be written to the same file.
    await Promise.all(gone.map(([, driver]) => driver.end('removed from the configuration')));
    for (const [name] of gone) tell(name, undefined);
    await Promise.all(changes.map(({ go }) => go()));
    ticker.lookNow();
  }

  async function stop(): Promise<void> {
    ticker.stop();
    alerts.stop();
    const ends = [cache.end(), ...[...drivers.values()].map((driver) => driver.end('stopped'))];
    await Promise.race([Promise.allSettled(ends), new Promise<void>((resolve) => clock.after(LONGEST_STOP, resolve))]);
    if (!isSettled) settled.resolve(statuses());
  }

  return {
    settled: settled.promise,
    statuses,
    inspect,
    current,

    async refresh(name) {
      const driver = drivers.get(name);
      if (driver === undefined) throw new RangeError(`there is no token ${name}`);
      await driver.refresh();
      return driver.status();
    },

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    reload,
    stop: () => (stopping ??= stop()),
  };
}

/** What determines whether the first try of a token is done. */
type Starting = Pick<TokenDriver, 'wasTried' | 'waitsFor'>;

/**
 * Reports whether each token was tried once. A token that waits for another counts as tried once the other was tried
 * but is still missing, since the wait may be long.
 */
function areAllTried(tokens: ReadonlyMap<string, Starting>, isThere: (name: string) => boolean): boolean {
  const isOver = (name: string, seen: readonly string[]): boolean => {
    const token = tokens.get(name);
    if (token === undefined || token.wasTried() || seen.includes(name)) return true;
    const other = token.waitsFor();
    return other !== undefined && !isThere(other) && isOver(other, [...seen, name]);
  };
  return [...tokens.keys()].every((name) => isOver(name, []));
}
