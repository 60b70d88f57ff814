import { isDeepStrictEqual } from 'node:util';
import type { TokenSettings } from '../config/configuration.ts';
import type { HookTools, RenewalHooks } from '../hooks/after-renewal.ts';
import type { Output, Withdrawal } from '../model/output.ts';
import { reasonOf } from '../model/reason.ts';
import { type Source, SourceFailure, type SourceTools } from '../model/source.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { AfterRenewal } from '../settings/hooks.ts';
import type { FileOutputSettings } from '../settings/outputs.ts';
import {
  askRevocation,
  closeSource,
  failureOf,
  fetchFrom,
  type OpenSource,
  openSource,
  type SourceParts,
} from './open-source.ts';
import { outputSet } from './output-set.ts';
import { type OutputWriter, outputWriter } from './output-writer.ts';
import { scheduleOf } from './schedule.ts';
import { momentOf } from './times.ts';
import { leftShareOf } from './token-in-use.ts';
import { currentOf, dueIn, type Effect, newLife, type Origin, step, type TokenEvent } from './token-life.ts';
import { statusOf } from './token-status.ts';

/** Factories for the parts of a token. An interface, so that tests can replace the parts. */
export interface Makers {
  source(settings: TokenSettings, tools: SourceTools): Source;
  output(settings: FileOutputSettings, token: string): Output;
  hooks(actions: readonly AfterRenewal[], token: string, tools: HookTools): RenewalHooks;
  random(): number;
}

/** The dependencies of a driver. */
export interface DriverTools extends SourceParts {
  readonly makers: Makers;
  /** Called with the new token in use, or undefined for none, before the outputs are written. */
  taken(token: Token | undefined): void;
  /** Called with a new or withdrawn token, after all its outputs were tried. */
  published(token: Token | undefined): void;
  /** Called when the next due time may have moved. */
  changed(): void;
}

/** Runs the life of one token: performs the effects that `step` returns, and reports their results as events. */
export interface TokenDriver {
  readonly settings: TokenSettings;
  current(): Token | undefined;
  /** Returns the token for the cache, if it was fetched with the current settings. */
  cacheable(): Token | undefined;
  status(): TokenStatus;
  /** Returns the remaining fraction of the lifetime, from 1 to 0. */
  leftShare(): number;
  /** Returns the name of the missing token that this one depends on. */
  waitsFor(): string | undefined;
  /** Reports whether the first fetch and write is done, successfully or not. */
  wasTried(): boolean;
  /** Uses a token from the cache. */
  restore(token: Token): void;
  /** Fetches now, and waits until every output was tried. @throws {SourceFailure} */
  refresh(): Promise<void>;
  /** Makes the next fetch due now. */
  hurry(): void;
  /** Checks the content of the outputs. */
  look(): Promise<void>;
  /** Performs everything that is due. */
  tick(): void;
  /** Returns the milliseconds until something is due. */
  dueIn(): number;
  /**
   * Prepares a switch to other settings. Changes nothing yet, since the new configuration may still be refused.
   *
   * @returns a function that performs the switch
   */
  prepare(settings: TokenSettings): () => Promise<void>;
  /** Aborts everything in progress, and withdraws the token from its outputs. */
  end(why: Withdrawal): Promise<void>;
}

/** A fetch in progress. */
interface Flight {
  readonly controller: AbortController;
  readonly done: Promise<void>;
  land(failure?: SourceFailure): void;
}

/** Creates a token’s source, outputs and hooks. The first `tick` starts the first fetch. */
export function tokenDriver(first: TokenSettings, tools: DriverTools): TokenDriver {
  const { clock, log, makers, changed } = tools;
  const { name } = first;
  let settings = first;
  let source = openSource(first, tools);
  let outputs = listOf(first.output).map((wanted) => ({ wanted, writer: makeWriter(wanted) }));
  let hooks = makers.hooks(listOf(first.after_renewal), name, tools);
  const written = outputSet(outputs.map(({ writer }) => writer));
  let life = newLife(name, originOf(first, source), momentOf(clock));
  let flight: Flight | undefined;
  let asking: AbortController | undefined;
  let writing: Promise<void> = Promise.resolve();

  function makeWriter(wanted: FileOutputSettings): OutputWriter {
    return outputWriter(makers.output(wanted, name), { clock, log, random: makers.random, changed });
  }

  function dispatch(event: TokenEvent): void {
    const next = step(life, event, { ...momentOf(clock), random: makers.random() });
    life = next.life;
    for (const effect of next.effects) perform(effect);
  }

  /** Handles the result of an asynchronous effect. The next due time may have moved. */
  function report(event: TokenEvent): void {
    dispatch(event);
    changed();
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'fetch':
        void runFetch(effect.fetch, effect.previous);
        break;
      case 'give-up-fetch':
        flight?.controller.abort();
        flight = undefined;
        break;
      case 'answer':
        flight?.land(effect.failure);
        flight = undefined;
        break;
      case 'ask-revocation':
        void askIssuer(effect.ask, effect.token);
        break;
      case 'give-up-asking':
        asking?.abort();
        break;
      case 'write': {
        const { token, change } = effect;
        writing = written.publish(token).then(() => report({ kind: 'written', token, change }));
        break;
      }
      case 'withdraw': {
        const { why } = effect;
        hooks.giveUp();
        writing = written.withdraw(why).then(() => report({ kind: 'withdrawn', why }));
        break;
      }
      case 'run-hooks':
        hooks.run();
        break;
      case 'tell-taken':
        tools.taken(effect.token);
        break;
      case 'tell-published':
        tools.published(effect.token);
        break;
      case 'log':
        log[effect.level](effect.details, effect.message);
        break;
    }
  }

  async function runFetch(number: number, previous: Token | undefined): Promise<void> {
    const from = source;
    const controller = new AbortController();
    const { signal } = controller;
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const land = (failure?: SourceFailure) => {
      if (failure === undefined) return resolve();
      from.lacking = undefined;
      reject(failure);
    };
    const lacking = () =>
      from.lacking === undefined ? undefined : { name: from.lacking, isThere: tools.isThere(from.lacking) };
    flight = { controller, done, land };
    // Usually no caller waits for the fetch.
    done.catch(() => undefined);
    try {
      const token = await fetchFrom(from, previous, signal, tools);
      signal.throwIfAborted();
      dispatch({ kind: 'fetched', fetch: number, token, lacking: lacking() });
    } catch (error) {
      const failure = failureOf(error);
      if (!signal.aborted) dispatch({ kind: 'fetch-failed', fetch: number, failure, lacking: lacking() });
      land(failure);
    } finally {
      changed();
    }
  }

  async function askIssuer(number: number, token: Token): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    asking = controller;
    try {
      const answer = await askRevocation(source, token, signal, tools);
      if (!signal.aborted && answer !== undefined) report({ kind: 'revocation-told', ask: number, ...answer });
    } catch (error) {
      if (!signal.aborted) report({ kind: 'revocation-unknown', ask: number, reason: reasonOf(error) });
    }
  }

  return {
    get settings() {
      return settings;
    },
    current: () => currentOf(life, momentOf(clock)),
    // An expired token is used only while its source still returns it. The cache cannot know that.
    cacheable: () => (life.isOfThisSource && life.inUse?.token.expiredAt === undefined ? life.inUse?.token : undefined),
    status: () =>
      statusOf(life, momentOf(clock), {
        type: settings.type,
        outputs: written.statuses(),
        isOutputFailing: written.isFailing(),
        hooksTrouble: hooks.trouble(),
      }),
    leftShare: () => (life.inUse === undefined ? 0 : leftShareOf(life.inUse, momentOf(clock))),
    waitsFor: () => life.waitsFor,
    wasTried: () => life.wasTried,
    restore: (token) => dispatch({ kind: 'cached', token }),

    async refresh() {
      if (life.isEnded) throw new SourceFailure('this token is no longer in the configuration');
      dispatch({ kind: 'refresh' });
      await flight?.done;
      await writing;
    },

    hurry: () => report({ kind: 'hurry' }),
    look: () => written.look(),

    tick() {
      const { hooksFor } = life;
      dispatch({ kind: 'tick', outputsHave: hooksFor && written.isComplete(hooksFor) ? hooksFor : undefined });
      if (!life.isEnded) written.tick();
    },

    dueIn: () => (life.isEnded ? Number.POSITIVE_INFINITY : Math.min(dueIn(life, momentOf(clock)), written.dueIn())),

    prepare(next) {
      const sameSource = next.type === settings.type && isDeepStrictEqual(next.source, settings.source);
      const nextSource = sameSource ? source : openSource(next, tools);
      const nextOutputs = listOf(next.output).map(
        (wanted) =>
          outputs.find((one) => isDeepStrictEqual(one.wanted, wanted)) ?? { wanted, writer: makeWriter(wanted) },
      );
      return async () => {
        if (!isDeepStrictEqual(next.after_renewal, settings.after_renewal)) {
          hooks.stop();
          hooks = makers.hooks(listOf(next.after_renewal), name, tools);
        }
        const before = source;
        settings = next;
        source = nextSource;
        outputs = nextOutputs;
        report({ kind: 'moved', origin: originOf(next, nextSource), sameSource });
        await written.replace(
          nextOutputs.map(({ writer }) => writer),
          () => currentOf(life, momentOf(clock)),
        );
        if (!sameSource) await closeSource(before, tools);
      };
    },

    async end(why) {
      hooks.stop();
      dispatch({ kind: 'ended', why });
      await writing;
      await closeSource(source, tools);
    },
  };
}

function originOf(settings: TokenSettings, { source }: OpenSource): Origin {
  return { schedule: scheduleOf(settings), tellsRevocation: source.revocation !== undefined };
}

function listOf<One>(oneOrMore: One | readonly One[] | undefined): readonly One[] {
  if (oneOrMore === undefined) return [];
  return Array.isArray(oneOrMore) ? oneOrMore : [oneOrMore as One];
}
