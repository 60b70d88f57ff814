import type { Agent } from 'tokenrelay/agent/agent.ts';
import type { Cache } from 'tokenrelay/agent/cache.ts';
import { tokenSet } from 'tokenrelay/agent/token-set.ts';
import type { Configuration, TokenSettings } from 'tokenrelay/config/configuration.ts';
import { secretReader } from 'tokenrelay/config/secrets.ts';
import { alertsOf } from 'tokenrelay/hooks/alerts.ts';
import type { AlertMessage } from 'tokenrelay/hooks/send-alert.ts';
import type { Output } from 'tokenrelay/model/output.ts';
import { type Source, SourceFailure } from 'tokenrelay/model/source.ts';
import type { TokenStatus } from 'tokenrelay/model/status.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import type { AfterRenewal } from 'tokenrelay/settings/hooks.ts';
import type { SecretReference } from 'tokenrelay/settings/secret-reference.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** The configurable behaviour of a fake source. */
export interface FakeSource {
  /** The lifetime of its tokens in milliseconds. Absent for no expiry. */
  lifetime?: number;
  /** The result instead of a new token. */
  answer?: ((previous: Token | undefined, signal: AbortSignal) => Promise<Token>) | undefined;
  secret?: SecretReference;
  close?: () => Promise<void>;
  /** A promise to wait for before the source reports a missing secret. */
  beforeGivingUp?: Promise<void>;
  revocation?: NonNullable<Source['revocation']>;
}

export interface FakeWorld {
  clock: FakeClock;
  agent: Agent;
  sources: Record<string, FakeSource>;
  /** The fetch times of each token, in milliseconds since the start. */
  asked: Record<string, number[]>;
  /** The current values of outputs, by path. */
  files: Map<string, Token>;
  /** The calls to outputs, such as `publish /a` and `withdraw /a expired`. */
  done: string[];
  /** Paths that cannot be written. */
  broken: Set<string>;
  hooks: string[];
  alerts: AlertMessage[];
  logged: { level: string; details: Record<string, unknown>; message: string }[];
  /** All values that the sources have returned. */
  values: Set<string>;
  closed: string[];
  status(name: string): TokenStatus;
}

export const failing =
  (sentence = 'the issuer is away') =>
  () =>
    Promise.reject(new SourceFailure(sentence));
export const hanging = () => new Promise<Token>(() => {});

/** The settings of a token that tests vary. */
export function token(
  name: string,
  { type = 'http', ...more }: { type?: string; source?: object; output?: unknown } & Record<string, unknown> = {},
): TokenSettings {
  return { name, type, source: {}, output: { file_path: `/${name}`, format: 'raw' }, ...more } as TokenSettings;
}

export const configurationOf = (tokens: TokenSettings[], more: Partial<Configuration> = {}): Configuration => ({
  tokens,
  ...more,
});

/** An agent with fake sources and outputs. */
export function fakeWorld(
  configuration: Configuration,
  sources: Record<string, FakeSource> = {},
  {
    random = () => 0.5,
    clock = fakeClock(),
    env = {},
    cache = { read: async () => new Map(), write: async () => {} },
  }: { random?: () => number; clock?: FakeClock; env?: NodeJS.ProcessEnv; cache?: Cache } = {},
): FakeWorld {
  const start = clock.elapsed();
  const world = {
    ...{ clock, sources, asked: {}, files: new Map(), done: [], broken: new Set(), hooks: [], alerts: [] },
    ...{ logged: [], values: new Set(), closed: [] },
  } as unknown as FakeWorld;

  const logging = (level: string) => (details: object, message: string) => {
    world.logged.push({ level, details: details as Record<string, unknown>, message });
  };
  const log = { debug: logging('debug'), info: logging('info'), warn: logging('warn'), error: logging('error') };

  const output = (path: string): Output => ({
    name: `file ${path}`,
    async publish(published) {
      world.done.push(`publish ${path}`);
      if (world.broken.has(path)) throw Object.assign(new Error('never quoted'), { code: 'ENOSPC' });
      world.files.set(path, published);
    },
    async problem() {
      return world.files.has(path) ? undefined : 'is missing';
    },
    async withdraw(why) {
      world.done.push(`withdraw ${path} ${why}`);
      world.files.delete(path);
    },
  });

  world.agent = tokenSet(
    configuration,
    { clock, log, env, configFolder: '/etc/tokenrelay', configFile: '/etc/tokenrelay/config.yaml' },
    {
      random,
      source({ name, type }, tools) {
        if ((type as string) === 'refused') throw new Error('no such source');
        const made: Source = {
          async fetch(previous, signal) {
            const source = world.sources[name] ?? {};
            if (source.secret) {
              await tools.secret(source.secret).catch(async (error) => {
                await source.beforeGivingUp;
                throw error;
              });
            }
            const times = world.asked[name] ?? [];
            world.asked[name] = times;
            times.push(clock.elapsed() - start);
            const fetched = source.answer ? await source.answer(previous, signal) : fresh(name, times.length, source);
            for (const value of Object.values(fetched.values)) world.values.add(value);
            return fetched;
          },
          async close() {
            world.closed.push(name);
            await world.sources[name]?.close?.();
          },
        };
        const { revocation } = world.sources[name] ?? {};
        return revocation ? { ...made, revocation } : made;
      },
      output: ({ file_path }) => output(file_path),
      hooks: (actions: readonly AfterRenewal[], name) => ({
        run: () => void (actions.length > 0 && world.hooks.push(name)),
        trouble: () => undefined,
        giveUp() {},
        stop: () => {},
      }),
      cache: () => cache,
      secretReader: (tokens) => secretReader(env, tokens),
      alerts: (settings) =>
        alertsOf(settings, {
          ...{ clock, log, configFile: '/etc/tokenrelay/config.yaml' },
          send: async (_, message) => void world.alerts.push(message),
        }),
    },
  );
  world.status = (name) => {
    const found = world.agent.statuses().find((status) => status.name === name);
    if (found === undefined) throw new Error(`no status of ${name}`);
    return found;
  };
  return world;

  function fresh(name: string, count: number, { lifetime }: FakeSource): Token {
    return {
      values: { token: `value-${count}-of-${name}` },
      fetchedAt: clock.now(),
      ...(lifetime !== undefined && { expiresAt: clock.now() + lifetime }),
    };
  }
}
