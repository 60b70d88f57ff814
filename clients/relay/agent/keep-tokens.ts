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
import { type KeptToken, keptToken, type Makers } from './kept-token.ts';
import { areAllTried } from './settled.ts';
import { deadlineIn } from './stopwatch.ts';
import { startTicker } from './ticker.ts';

/** What the agent is made of, behind a port, so that tests can put others in their place. */
export interface AgentMakers extends Makers {
  secretReader(tokens: Pick<Tokens, 'current'>): (reference: SecretReference) => Promise<string>;
  alerts(settings: readonly Alert[]): Alerts;
  cache(settings: NonNullable<Configuration['cache']>, secret: (reference: SecretReference) => Promise<string>): Cache;
}

const AT_ONCE = 4;
/** Milliseconds: an issuer that takes longer keeps no other waiting. */
const SLOT = 2_000;
/** Milliseconds between two looks at what readers find in the outputs. */
const CHECK_INTERVAL = 5_000;
/** Milliseconds. */
const LONGEST_STOP = 5_000;

/** Keeps the tokens of a configuration. */
export function keepTokens(first: Configuration, world: World, makers: AgentMakers): Agent {
  const { clock, log, env, configFolder, configFile } = world;
  const credentialsFolder = env.CREDENTIALS_DIRECTORY;
  const listeners = new Set<(name: string, token: Token | undefined) => void>();
  const queue = () => workQueue(clock, { atOnce: AT_ONCE, slot: SLOT });
  const [fetches, revocations] = [queue(), queue()];
  const settled = Promise.withResolvers<TokenStatus[]>();
  let kept: ReadonlyMap<string, KeptToken> = new Map();
  let alerts = makers.alerts(first.alerts ?? []);
  let alertSettings = first.alerts ?? [];
  let nextCheck = deadlineIn(clock, CHECK_INTERVAL);
  /** The cache was read, if there is one: what is in it comes before what is fetched. */
  let isStarted = false;
  let isSettled = false;
  let stopping: Promise<void> | undefined;

  const current = (name: string) => kept.get(name)?.keeper.current();
  const isThere = (name: string) => current(name) !== undefined;
  const statuses = () => [...kept.values()].map((token) => token.status());
  const secret = makers.secretReader({ current });
  const cache = cacheWriter(first.cache, {
    clock,
    log,
    open: (settings) => makers.cache(settings, secret),
    tokens: () =>
      [...kept.values()].flatMap(({ settings, keeper }) => {
        const token = keeper.cacheable();
        return token === undefined ? [] : [{ settings, token }];
      }),
  });

  function keep(settings: TokenSettings): KeptToken {
    const { name } = settings;
    return keptToken(settings, {
      ...{ clock, log, configFolder, configFile, credentialsFolder, makers, fetches, revocations, secret, isThere },
      taken(token) {
        cache.changed();
        if (token === undefined) return;
        for (const { keeper } of kept.values()) if (keeper.waitsFor() === name) keeper.hurry();
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
        log.error({ token: name, error: reasonOf(error) }, 'one who listens to changes failed');
      }
    }
  }

  function tick(): void {
    if (!isStarted) return;
    const isCheckDue = nextCheck.left() === 0;
    if (isCheckDue) nextCheck = deadlineIn(clock, CHECK_INTERVAL);
    if (isCheckDue) void inspect();
    for (const token of kept.values()) {
      token.tick();
      if (alertSettings.length > 0) alerts.look(token.status(), token.keeper.leftShare());
    }
    if (!isSettled && areAllTried(keepers(), isThere)) {
      isSettled = true;
      settled.resolve(statuses());
    }
  }

  async function inspect(): Promise<TokenStatus[]> {
    await Promise.all([...kept.values()].map(({ keeper }) => keeper.publication.look()));
    const found = statuses();
    if (stopping === undefined && dueIn() <= 0) ticker.lookNow();
    return found;
  }

  const keepers = () => new Map([...kept].map(([name, { keeper }]) => [name, keeper]));
  const dueIn = () =>
    [...kept.values()].reduce((least, { keeper }) => Math.min(least, keeper.dueIn()), nextCheck.left());

  kept = new Map(first.tokens.map((settings) => [settings.name, keep(settings)]));
  const ticker = startTicker(clock, { dueIn, tick });
  const started = first.cache === undefined ? start() : restore().then(start);

  async function restore(): Promise<void> {
    for (const [name, token] of await cache.restore(first.tokens)) kept.get(name)?.keeper.restore(token);
  }

  async function start(): Promise<void> {
    isStarted = true;
    ticker.lookNow();
  }

  async function reload(next: Configuration): Promise<void> {
    await started;
    if (stopping !== undefined) return;
    // Whatever may be refused comes first: then nothing has changed yet.
    const changes = next.tokens.map((settings) => {
      const before = kept.get(settings.name);
      if (before === undefined) return { name: settings.name, token: keep(settings), go: async () => {} };
      return { name: settings.name, token: before, go: before.prepare(settings) };
    });
    const nextKept = new Map(changes.map(({ name, token }) => [name, token]));
    const gone = [...kept].filter(([name]) => !nextKept.has(name));
    kept = nextKept;
    if (!isDeepStrictEqual(alertSettings, next.alerts ?? [])) {
      alerts.stop();
      alertSettings = next.alerts ?? [];
      alerts = makers.alerts(alertSettings);
    }
    cache.change(next.cache);
    if (gone.length > 0) cache.changed();
    // What is removed goes first: another token may now be written to the same file.
    await Promise.all(gone.map(([, token]) => token.end('removed from the configuration')));
    for (const [name] of gone) tell(name, undefined);
    await Promise.all(changes.map(({ go }) => go()));
    ticker.lookNow();
  }

  async function stop(): Promise<void> {
    ticker.stop();
    alerts.stop();
    const ends = [cache.end(), ...[...kept.values()].map((token) => token.end('stopped'))];
    await Promise.race([Promise.allSettled(ends), new Promise<void>((resolve) => clock.after(LONGEST_STOP, resolve))]);
    if (!isSettled) settled.resolve(statuses());
  }

  return {
    settled: settled.promise,
    statuses,
    inspect,
    current,

    async refresh(name) {
      const token = kept.get(name);
      if (token === undefined) throw new RangeError(`there is no token ${name}`);
      await token.keeper.refresh();
      return token.status();
    },

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    reload,
    stop: () => (stopping ??= stop()),
  };
}
