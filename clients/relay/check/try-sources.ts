import { dirname } from 'node:path';
import { evaluate } from '../agent/compare-token.ts';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import { dependencies } from '../config/dependencies.ts';
import { secretReader } from '../config/secrets.ts';
import { systemClock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import { reasonOf } from '../model/reason.ts';
import type { Source, SourceTools } from '../model/source.ts';
import { statedExpiry, type Token } from '../model/token.ts';
import { makeSource } from '../sources/kinds.ts';
import { maskedFile } from './masked-file.ts';

const MOST_AT_ONCE = 4;
const TIMEOUT_MILLISECONDS = 60_000;

/** The result of trying one source, without any value of the token. */
export interface Trial {
  name: string;
  type: string;
  /** Why the fetch failed, or why the token cannot be written. */
  failure?: string;
  /** Milliseconds since the epoch. Absent if the source sets no expiry. */
  expiresAt?: number;
  /** The files that would be written, with every value masked. */
  outputs: { path: string; content: string }[];
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Fetches each token once, after the tokens that it depends on. Writes nothing.
 *
 * @param file the absolute path of the configuration
 */
export async function trySources(configuration: Configuration, file: string, env: NodeJS.ProcessEnv): Promise<Trial[]> {
  const tokens = new Map<string, Token>();
  const secret = secretReader(env, { current: (name) => tokens.get(name) });
  const needs = dependencies(configuration);
  const trials = new Map<string, Trial>();
  let waiting = configuration.tokens;
  while (waiting.length > 0) {
    // A valid configuration has no cycle, so at least one token's dependencies are met.
    const ready = waiting.filter(({ name }) => (needs.get(name) ?? []).every((one) => trials.has(one)));
    const batch = ready.slice(0, MOST_AT_ONCE);
    waiting = waiting.filter((one) => !batch.includes(one));
    const tried = batch.map(async (settings) => {
      const missing = (needs.get(settings.name) ?? []).find((one) => !tokens.has(one));
      if (missing !== undefined)
        return failed(settings, `it depends on the token ${missing}, which could not be fetched`);
      const tools = {
        token: settings.name,
        clock: systemClock,
        log: silent,
        secret,
        configFolder: dirname(file),
        configFile: file,
        credentialsFolder: env.CREDENTIALS_DIRECTORY,
      };
      return await tryOne(settings, tools, (token) => tokens.set(settings.name, token));
    });
    for (const trial of await Promise.all(tried)) trials.set(trial.name, trial);
  }
  return configuration.tokens.flatMap(({ name }) => trials.get(name) ?? []);
}

async function tryOne(settings: TokenSettings, tools: SourceTools, keep: (token: Token) => void): Promise<Trial> {
  let source: Source | undefined;
  try {
    source = makeSource(settings, tools);
    const token = await source.fetch(undefined, AbortSignal.timeout(TIMEOUT_MILLISECONDS));
    const verdict = evaluate(token, undefined, tools.clock.now());
    if (verdict.kind === 'refused') return failed(settings, verdict.because);
    keep(token);
    return written(settings, token);
  } catch (error) {
    return failed(settings, reasonOf(error));
  } finally {
    await source?.close?.().catch(() => {});
  }
}

function written(settings: TokenSettings, token: Token): Trial {
  const { name, type, output = [] } = settings;
  const expiresAt = statedExpiry(token);
  const trial: Trial = { name, type, ...(expiresAt !== undefined && { expiresAt }), outputs: [] };
  for (const one of Array.isArray(output) ? output : [output]) {
    try {
      trial.outputs.push({ path: one.file_path, content: maskedFile(one, name, token) });
    } catch (error) {
      trial.failure ??= reasonOf(error);
    }
  }
  return trial;
}

function failed({ name, type }: TokenSettings, failure: string): Trial {
  return { name, type, failure, outputs: [] };
}
