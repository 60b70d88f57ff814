import type { Moment } from 'tokenrelay/agent/times.ts';
import {
  type Change,
  currentOf,
  dueIn,
  type Effect,
  newLife,
  type Origin,
  step,
  type TokenEvent,
  type TokenLife,
} from 'tokenrelay/agent/token-life.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import type { Token } from 'tokenrelay/model/token.ts';

/** The source's result: a new token, the same, the same with another expiry, none, or an unusable one. */
export type Answer = 'new' | 'same' | 'extended' | 'failure' | 'empty';

/** Work that finishes at a time of `elapsed`. */
interface Work {
  at: number;
  finish(): void;
}

/** The maximum tick interval, in milliseconds. Longer than the agent's, to keep the test short. */
const LOOK = 60_000;

/** The maximum number of steps at one point in time. */
const MOST_TURNS = 100;

/**
 * Simulates the life of one token with a fake source and fake outputs. Performs the effects of the state machine, and
 * throws on an effect that must never occur.
 */
export class SimulatedLife {
  life: TokenLife;
  answer: Answer = 'new';
  /** The duration of fetches and writes, in milliseconds. */
  latency = 0;
  lifetime: number | undefined;
  random = 0.5;
  /** Whether the issuer says that the token in use is revoked; undefined: it does not answer. */
  isRevoked: boolean | undefined = false;
  /** The current content of each output. */
  readonly outputs: { shows: Token | undefined; isBroken: boolean }[] = [];
  /** The written values, in order, with their origin and the number of hook runs for each. */
  readonly written: { values: Token['values']; change: Change; hooks: number }[] = [];
  readonly effects: Effect['kind'][] = [];

  #wall = Date.UTC(2026, 0, 1);
  #elapsed = 0;
  #goal: Token | undefined;
  /** What is in use, and since when. */
  #taken: { token: Token; at: Moment } | undefined;
  #values = 0;
  #isFetching = false;
  #isAsking = false;
  #works: Work[] = [];

  constructor(origin: Origin, { lifetime, outputs = 2 }: { lifetime?: number | undefined; outputs?: number } = {}) {
    this.lifetime = lifetime;
    this.outputs = Array.from({ length: outputs }, () => ({ shows: undefined, isBroken: false }));
    this.life = newLife('a', origin, this.now);
  }

  get now() {
    return { now: this.#wall, elapsed: this.#elapsed };
  }

  get current(): Token | undefined {
    return currentOf(this.life, this.now);
  }

  setClock(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  happen(event: TokenEvent): void {
    const before = frozen(this.life);
    const { life, effects } = step(before, frozen(event), { ...this.now, random: this.random });
    this.life = life;
    if (before.inUse !== undefined && life.inUse === undefined) this.#checkEnd(event);
    for (const effect of effects) this.#perform(effect, before, event);
  }

  /** Advances the time, and runs everything that is due. */
  pass(milliseconds: number): void {
    const end = this.#elapsed + milliseconds;
    let turns = 0;
    do {
      const before = this.#elapsed;
      // Rounded up to whole milliseconds, like the ticker.
      const due = this.#elapsed + Math.ceil(Math.min(dueIn(this.life, this.now), LOOK));
      this.#goTo(Math.min(due, end, ...this.#works.map(({ at }) => at)));
      const works = this.#works.filter(({ at }) => at <= this.#elapsed);
      this.#works = this.#works.filter((work) => !works.includes(work));
      for (const { finish } of works) finish();
      this.#writeAll();
      this.tick();
      turns = this.#elapsed === before ? turns + 1 : 0;
      if (turns > MOST_TURNS) throw new Error('it spins');
    } while (this.#elapsed < end);
  }

  tick(): void {
    const { hooksFor } = this.life;
    const isComplete = this.outputs.every(({ shows }) => shows === hooksFor);
    this.happen({ kind: 'tick', outputsHave: isComplete ? hooksFor : undefined });
  }

  #goTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }

  #checkEnd(event: TokenEvent): void {
    if (event.kind === 'ended') return;
    if (event.kind === 'revocation-told' && event.revoked) return;
    if (event.kind !== 'tick' || this.#taken === undefined) throw new Error(`withdrawn by ${event.kind}`);
    const { token, at } = this.#taken;
    const { fetchedAt, expiresAt = Number.POSITIVE_INFINITY } = token;
    // The clock may have been set back while it was fetched.
    const lived = Math.max(0, at.now - fetchedAt) + this.#elapsed - at.elapsed;
    if (this.#wall < expiresAt && lived < expiresAt - fetchedAt) throw new Error('withdrawn before its end');
  }

  #perform(effect: Effect, before: TokenLife, event: TokenEvent): void {
    this.effects.push(effect.kind);
    switch (effect.kind) {
      case 'fetch':
        if (this.#isFetching) throw new Error('two fetches at once');
        this.#isFetching = true;
        this.#after(() => this.#fetched(effect.fetch));
        break;
      case 'give-up-fetch':
      case 'answer':
        if (!this.#isFetching) throw new Error('there was no fetch');
        this.#isFetching = false;
        break;
      case 'ask-revocation':
        if (this.#isAsking) throw new Error('two questions at once');
        this.#isAsking = true;
        this.#after(() => this.#revocationTold(effect.ask));
        break;
      case 'give-up-asking':
        this.#isAsking = false;
        break;
      case 'write':
        this.#goal = effect.token;
        if (effect.change !== 'extended') {
          this.written.push({ values: effect.token.values, change: effect.change, hooks: 0 });
        }
        this.#after(() => this.happen({ kind: 'written', token: effect.token, change: effect.change }));
        break;
      case 'withdraw':
        if (before.inUse === undefined && event.kind !== 'cached' && event.kind !== 'ended') {
          throw new Error('there was nothing to withdraw');
        }
        this.#goal = undefined;
        this.#after(() => this.happen({ kind: 'withdrawn', why: effect.why }));
        break;
      case 'tell-taken':
        this.#taken = effect.token && { token: effect.token, at: this.now };
        break;
      case 'run-hooks':
        this.#hooksRun(before);
        break;
    }
  }

  #hooksRun({ hooksFor }: TokenLife): void {
    if (hooksFor === undefined) throw new Error('hooks for nothing');
    if (this.outputs.some(({ shows }) => shows !== hooksFor)) throw new Error('hooks before every output had it');
    const last = this.written.at(-1);
    if (last?.change !== 'renewed' || last.values !== hooksFor.values) throw new Error('hooks for no new token');
    last.hooks += 1;
    if (last.hooks > 1) throw new Error('hooks twice for one token');
  }

  #after(finish: () => void): void {
    this.#works.push({ at: this.#elapsed + this.latency, finish });
  }

  /** Checks that each working output has the right content. */
  #writeAll(): void {
    for (const output of this.outputs) if (!output.isBroken) output.shows = this.#goal;
  }

  #fetched(fetch: number): void {
    if (this.answer === 'failure') {
      this.happen({ kind: 'fetch-failed', fetch, failure: new SourceFailure('the issuer is away') });
    } else {
      this.happen({ kind: 'fetched', fetch, token: this.#token(this.answer) });
    }
  }

  #revocationTold(ask: number): void {
    if (this.life.watch?.asking === ask) this.#isAsking = false;
    if (this.isRevoked === undefined) this.happen({ kind: 'revocation-unknown', ask, reason: 'no answer' });
    else this.happen({ kind: 'revocation-told', ask, revoked: this.isRevoked, askAgainIn: 15_000 });
  }

  #token(answer: Exclude<Answer, 'failure'>): Token {
    const fetchedAt = this.#wall - this.latency;
    const had = this.life.inUse?.token;
    const end = this.lifetime === undefined ? undefined : fetchedAt + this.lifetime;
    if (answer === 'empty') return { values: {}, fetchedAt };
    if (had !== undefined && answer !== 'new') {
      const expiresAt = answer === 'same' ? had.expiresAt : end;
      return { ...had, fetchedAt, ...(expiresAt !== undefined && { expiresAt }) };
    }
    this.#values += 1;
    return { values: { token: `value-${this.#values}` }, fetchedAt, ...(end !== undefined && { expiresAt: end }) };
  }
}

/** Freezes a value, so that a state machine that modifies its input throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Error) && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
