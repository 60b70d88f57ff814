import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from 'tokenrelay/model/clock.ts';
import type { Source, SourceTools } from 'tokenrelay/model/source.ts';
import type { SecretReference } from 'tokenrelay/settings/secret-reference.ts';
import { afterEach } from 'vitest';

/** A clock that stands still until a test advances it. */
export interface ManualClock extends Clock {
  /** Advances the clock by this many milliseconds, and runs the timers that are due, in order. */
  pass(milliseconds: number): void;
  /** Returns the number of pending timers. */
  waiting(): number;
}

/** @param start milliseconds since the epoch */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    now: () => now,
    elapsed: () => now - start,
    after(milliseconds, callback) {
      // A real timer of Node would fire at once for such a delay.
      if (milliseconds > 0x7fffffff) throw new RangeError('the delay is too long for a timer');
      const timer = { at: now + milliseconds, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    pass(milliseconds) {
      const end = now + milliseconds;
      for (;;) {
        const next = timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((other) => other !== next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
    waiting: () => timers.length,
  };
}

export interface VaultTools extends SourceTools {
  clock: ManualClock;
  /** Returns everything that was logged, as one text. */
  logged(): string;
  /** The values of other tokens in the configuration, by name. */
  tokens: Record<string, string>;
}

/** Returns the tools of a source. Secrets are read from real files and from `tokens`. */
export function vaultTools(folders: { configFolder?: string; credentialsFolder?: string } = {}): VaultTools {
  const lines: string[] = [];
  const note = (details: object, message: string) => void lines.push(`${JSON.stringify(details)} ${message}`);
  const tokens: Record<string, string> = {};
  return {
    token: 'db',
    clock: manualClock(),
    log: { debug: note, info: note, warn: note, error: note },
    configFile: join(folders.configFolder ?? '/nowhere', 'config.yaml'),
    configFolder: folders.configFolder ?? '/nowhere',
    ...(folders.credentialsFolder !== undefined && { credentialsFolder: folders.credentialsFolder }),
    tokens,
    logged: () => lines.join('\n'),
    async secret(reference: SecretReference) {
      if ('file' in reference) return await readFile(reference.file, 'utf8');
      if ('credential' in reference) {
        return await readFile(join(folders.credentialsFolder ?? '', reference.credential), 'utf8');
      }
      if ('insecure_inline' in reference) return reference.insecure_inline;
      return tokens['token' in reference ? reference.token : reference.env] ?? '';
    },
  };
}

/** Closes a test's sources after it. @returns a function that registers a source */
export function closingSources(): <S extends Source>(source: S) => S {
  const opened: Source[] = [];
  afterEach(async () => {
    for (const source of opened.splice(0)) await source.close?.();
  });
  return (source) => {
    opened.push(source);
    return source;
  };
}
