import { isDeepStrictEqual } from 'node:util';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { Token } from '../model/token.ts';
import type { Cache, Cached } from './cache.ts';

type CacheSettings = Configuration['cache'];

/** Keeps the cache as the tokens are. Whatever is wrong with it is logged, and keeps no token from anybody. */
export interface CacheWriter {
  /** The tokens that it holds; none where there is no cache, or none that can be read. */
  restore(tokens: readonly TokenSettings[]): Promise<ReadonlyMap<string, Token>>;
  /** The tokens are others than they were: writes them soon. */
  changed(): void;
  /** Goes on by other settings. */
  change(settings: CacheSettings): void;
  /** Writes what is not written yet. */
  end(): Promise<void>;
}

/** Milliseconds: tokens that change together are written together. */
const GATHERING = 200;

/** @param tools.tokens those in use now */
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
    // As they are now: at the end of the agent they are gone in a moment.
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
