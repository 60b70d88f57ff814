import { isDeepStrictEqual } from 'node:util';
import type { TokenSettings } from '../config/configuration.ts';
import type { HookTools, RenewalHooks } from '../hooks/after-renewal.ts';
import type { Output } from '../model/output.ts';
import { reasonOf } from '../model/reason.ts';
import { type Source, SourceFailure, type SourceTools } from '../model/source.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { AfterRenewal } from '../settings/hooks.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';
import type { SecretReference } from '../settings/secret-reference.ts';
import type { Change, KeeperTools, Origin, TokenKeeper } from './keeper.ts';
import { type OutputKeeper, outputKeeper } from './output-keeper.ts';
import { publication } from './publication.ts';
import type { Schedule } from './schedule.ts';
import { withinTime } from './time-limit.ts';
import { tokenKeeper } from './token-keeper.ts';

/** What tokens are made of, behind a port, so that tests can put others in their place. */
export interface Makers {
  source(settings: TokenSettings, tools: SourceTools): Source;
  output(settings: FileOutputSettings, token: string): Output;
  hooks(actions: readonly AfterRenewal[], token: string, tools: HookTools): RenewalHooks;
  random(): number;
}

/** What a kept token is given of the agent. */
export interface KeptTokenTools extends Omit<KeeperTools, 'taken' | 'random'> {
  readonly configFolder: string;
  readonly configFile: string;
  readonly credentialsFolder: string | undefined;
  readonly makers: Makers;
  secret(reference: SecretReference): Promise<string>;
  taken(token: Token | undefined): void;
}

/** A token of the configuration, with all that belongs to it. */
export interface KeptToken {
  readonly settings: TokenSettings;
  readonly keeper: TokenKeeper;
  status(): TokenStatus;
  /** Does what is due. */
  tick(): void;
  /**
   * Prepares to go on by other settings; changes nothing yet, as the whole configuration may still be refused.
   *
   * @returns goes on by them
   */
  prepare(settings: TokenSettings): () => Promise<void>;
  /** Ends what goes on, and takes the token out of its outputs. */
  end(why: 'stopped' | 'removed from the configuration'): Promise<void>;
}

const MINUTE = 60_000;
const DEFAULT_SHARE = 0.66;
/** Milliseconds. */
const SHORTEST_FETCH_LIMIT = 30_000;
/** Milliseconds. */
const LONGEST_CLOSE = 2_000;
/** A fetch may take several answers, as with a login before it. */
const ANSWERS_A_FETCH = 3;

/** Makes a token’s source, outputs and hooks, and begins to keep it at the first `tick`. */
export function keptToken(first: TokenSettings, tools: KeptTokenTools): KeptToken {
  const { makers } = tools;
  const { name } = first;
  let settings = first;
  let outputs = outputsOf(first).map((wanted) => ({ wanted, keeper: makeOutput(wanted) }));
  let hooks = makers.hooks(listOf(first.after_renewal), name, tools);
  let origin = makeOrigin(first, tools);
  /** What hooks are still to be run for: they wait until every output has it. */
  let owed: Token | undefined;

  function makeOutput(wanted: FileOutputSettings): OutputKeeper {
    const { clock, log, changed } = tools;
    return outputKeeper(makers.output(wanted, name), { clock, log, random: makers.random, changed });
  }

  /** A source that cannot give back what it holds keeps nobody from going on. */
  async function closeSource(source: Source): Promise<void> {
    const { clock, log } = tools;
    try {
      await withinTime(clock, LONGEST_CLOSE, new AbortController().signal, async () => source.close?.());
    } catch (error) {
      log.warn({ token: name, error: reasonOf(error) }, 'a source could not be closed');
    }
  }

  const published = publication(outputs.map(({ keeper }) => keeper));
  const keeper = tokenKeeper(first, origin, published, {
    ...tools,
    random: makers.random,
    taken(token: Token | undefined, how?: Change) {
      if (how === 'extended') owed &&= token;
      else if (how !== 'confirmed') owed = how === 'restored' ? undefined : token;
      tools.taken(token);
    },
  });

  return {
    keeper,
    get settings() {
      return settings;
    },

    status() {
      const status = keeper.status();
      const trouble = status.lastError ?? hooks.trouble();
      return trouble === undefined ? status : { ...status, lastError: trouble };
    },

    tick() {
      keeper.tick();
      if (owed === undefined || !published.isComplete(owed)) return;
      owed = undefined;
      hooks.run();
    },

    prepare(next) {
      const sameSource = next.type === settings.type && isDeepStrictEqual(next.source, settings.source);
      const nextOrigin = sameSource ? { ...origin, schedule: scheduleOf(next) } : makeOrigin(next, tools);
      const nextOutputs = outputsOf(next).map(
        (wanted) =>
          outputs.find((one) => isDeepStrictEqual(one.wanted, wanted)) ?? { wanted, keeper: makeOutput(wanted) },
      );
      return async () => {
        if (!isDeepStrictEqual(next.after_renewal, settings.after_renewal)) {
          hooks.stop();
          hooks = makers.hooks(listOf(next.after_renewal), name, tools);
        }
        settings = next;
        const before = origin;
        origin = nextOrigin;
        outputs = nextOutputs;
        keeper.moveTo(next.type, nextOrigin, sameSource);
        await published.replace(
          nextOutputs.map((one) => one.keeper),
          keeper.current,
        );
        if (!sameSource) await closeSource(before.source);
      };
    },

    async end(why) {
      hooks.stop();
      await keeper.end(why);
      await closeSource(origin.source);
    },
  };
}

function makeOrigin(settings: TokenSettings, tools: KeptTokenTools): Origin {
  const { clock, log, configFolder, configFile, credentialsFolder, makers } = tools;
  let missing: string | undefined;
  const source = makers.source(settings, {
    token: settings.name,
    clock,
    log,
    configFolder,
    configFile,
    credentialsFolder,
    async secret(reference) {
      if ('token' in reference && !tools.isThere(reference.token)) {
        missing = reference.token;
        throw new SourceFailure(`the token ${reference.token}, which it needs, is not there yet`);
      }
      return tools.secret(reference);
    },
  });
  return {
    source,
    schedule: scheduleOf(settings),
    fetchLimit: Math.max(SHORTEST_FETCH_LIMIT, ANSWERS_A_FETCH * answerLimitOf(settings)),
    missingToken() {
      const last = missing;
      missing = undefined;
      return last;
    },
  };
}

/** How long one answer of the source may take by the configuration, in milliseconds. */
function answerLimitOf({ source }: TokenSettings): number {
  const { timeout_seconds } = source as { timeout_seconds?: number };
  return (timeout_seconds ?? 0) * 1_000;
}

function scheduleOf({ refresh_at, refresh_interval_minutes }: TokenSettings): Schedule {
  return {
    share: refresh_at ?? DEFAULT_SHARE,
    ...(refresh_interval_minutes !== undefined && { interval: refresh_interval_minutes * MINUTE }),
  };
}

function outputsOf({ output }: TokenSettings): readonly FileOutputSettings[] {
  return listOf(output);
}

function listOf<One>(oneOrMore: One | readonly One[] | undefined): readonly One[] {
  if (oneOrMore === undefined) return [];
  return Array.isArray(oneOrMore) ? oneOrMore : [oneOrMore as One];
}
