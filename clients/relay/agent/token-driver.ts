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

/** What tokens are made of, behind a port, so that tests can put others in their place. */
export interface Makers {
  source(settings: TokenSettings, tools: SourceTools): Source;
  output(settings: FileOutputSettings, token: string): Output;
  hooks(actions: readonly AfterRenewal[], token: string, tools: HookTools): RenewalHooks;
  random(): number;
}

/** What a driver is given of the agent. */
export interface DriverTools extends SourceParts {
  readonly makers: Makers;
  /** Another token is in use, or none: told before its outputs have it. */
  taken(token: Token | undefined): void;
  /** Readers find other values, or none any more: told after its outputs were tried. */
  published(token: Token | undefined): void;
  /** Something may be due sooner than it was. */
  changed(): void;
}

/** Runs the life of one token: performs the effects of `step` and reports their results as events. */
export interface TokenDriver {
  readonly settings: TokenSettings;
  current(): Token | undefined;
  /** What a restart may go on with: what was issued to these settings. */
  cacheable(): Token | undefined;
  status(): TokenStatus;
  /** What is left of its lifetime, from 1 to 0. */
  leftShare(): number;
  /** The token whose absence keeps this one from being fetched. */
  waitsFor(): string | undefined;
  /** Whether it was fetched and written once, or that failed. */
  wasTried(): boolean;
  /** Takes up a token from the cache. */
  restore(token: Token): void;
  /** Fetches now, and has the outputs tried. @throws {SourceFailure} */
  refresh(): Promise<void>;
  /** Its next fetch is due. */
  hurry(): void;
  /** Looks at what readers find in the outputs. */
  look(): Promise<void>;
  /** Does what is due. */
  tick(): void;
  /** Milliseconds until something is due. */
  dueIn(): number;
  /**
   * Prepares to go on by other settings; changes nothing yet, as the whole configuration may still be refused.
   *
   * @returns goes on by them
   */
  prepare(settings: TokenSettings): () => Promise<void>;
  /** Ends what goes on, and takes the token out of its outputs. */
  end(why: Withdrawal): Promise<void>;
}

/** A fetch that goes on. */
interface Flight {
  readonly controller: AbortController;
  readonly done: Promise<void>;
  land(failure?: SourceFailure): void;
}

/** Makes a token’s source, outputs and hooks, and begins with its life at the first `tick`. */
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

  /** The result of an effect, or a wish from outside: other things may be due now. */
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
    // Mostly nobody waits for it.
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
    cacheable: () => (life.isOfThisSource ? life.inUse?.token : undefined),
    status: () =>
      statusOf(life, momentOf(clock), {
        type: settings.type,
        outputs: written.statuses(),
        hooksTrouble: hooks.trouble(),
      }),
    leftShare: () => (life.inUse === undefined ? 0 : leftShareOf(life.inUse, momentOf(clock))),
    waitsFor: () => life.waitsFor,
    wasTried: () => life.wasTried,
    restore: (token) => dispatch({ kind: 'cached', token }),

    async refresh() {
      if (life.isEnded) throw new SourceFailure('the agent does not keep this token any more');
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
