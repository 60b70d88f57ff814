import { isDeepStrictEqual } from 'node:util';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { Token } from '../model/token.ts';
import type { Cache, Cached } from './cache.ts';

type CacheSettings = Configuration['cache'];

/** Keeps the cache up to date with the tokens. Errors are logged and do not affect the tokens. */
export interface CacheWriter {
  /** Returns the cached tokens; none if there is no readable cache. */
  restore(tokens: readonly TokenSettings[]): Promise<ReadonlyMap<string, Token>>;
  /** Schedules a write after a token has changed. */
  changed(): void;
  /** Switches to other settings. */
  change(settings: CacheSettings): void;
  /** Writes pending changes. */
  end(): Promise<void>;
}

/** Delay in milliseconds, so that several changes are written at once. */
const GATHERING = 200;

/** @param tools.tokens returns the tokens in use */
export function cacheWriter(
  first: CacheSettings,
  tools: { clock: Clock; log: Log; open(settings: NonNullable<CacheSettings>): Cache; tokens(): Cached[] },
): CacheWriter {
  const { clock, log, open } = tools;
  let settings = first;
  let cache = first && open(first);
  let isDirty = false;
  let cancel: (() => void) | undefined;
  let writing: Promise<void> = Promise.resolve();

  function write(): Promise<void> {
    cancel?.();
    cancel = undefined;
    if (!isDirty || cache === undefined) return writing;
    isDirty = false;
    // Capture the tokens now: when the agent stops, they are removed immediately afterwards.
    const [into, tokens, path] = [cache, tools.tokens(), settings?.path];
    writing = writing
      .then(() => into.write(tokens))
      .catch((error) => log.error({ cache: path, error: reasonOf(error) }, 'the cache could not be written'));
    return writing;
  }

  function changed(): void {
    if (cache === undefined) return;
    isDirty = true;
    cancel ??= clock.after(GATHERING, () => void write());
  }

  return {
    async restore(tokens) {
      try {
        return (await cache?.read(tokens)) ?? new Map();
      } catch (error) {
        log.warn({ cache: settings?.path, error: reasonOf(error) }, 'the cache is not used');
        return new Map();
      }
    },
    changed,
    change(next) {
      if (isDeepStrictEqual(next, settings)) return;
      settings = next;
      cache = next && open(next);
      changed();
    },
    end: write,
  };
}
