import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../model/log.ts';
import type { Withdrawal } from '../model/output.ts';
import { SourceFailure } from '../model/source.ts';
import { isAlive, type Token } from '../model/token.ts';
import { evaluate } from './compare-token.ts';
import { answered, askDueIn, type RevocationWatch, unanswered, watchFrom } from './revocation-watch.ts';
import { askAgainWait, expiredWait, renewalWait, retryWait, type Schedule, SHORTEST_WAIT } from './schedule.ts';
import { type Deadline, deadlineIn, left, type Moment } from './times.ts';
import { ageOf, inUseFrom, isFoundOfWrongClock, leftOf, type TokenInUse } from './token-in-use.ts';

/** The properties of a source that determine when a token is fetched and checked. */
export interface Origin {
  readonly schedule: Schedule;
  /** Whether the source supports revocation checks. */
  readonly tellsRevocation: boolean;
}

/** The state of one token. `step` computes the next state. */
export interface TokenLife {
  readonly name: string;
  readonly origin: Origin;
  readonly inUse: TokenInUse | undefined;
  /** Why the token is no longer in use. */
  readonly goneBecause: 'expired' | 'revoked' | undefined;
  /** False if the source settings have changed since the token was issued: only its own source can renew it. */
  readonly isOfThisSource: boolean;
  /** The number of the fetch in progress. */
  readonly fetching: number | undefined;
  /** When the token is fetched next. */
  readonly next: Deadline;
  /** Failed fetches in a row. */
  readonly failures: number;
  /** Why the last fetch failed. */
  readonly trouble: string | undefined;
  /** The missing token that this one depends on. */
  readonly waitsFor: string | undefined;
  /** Fetches since the start. */
  readonly fetches: { readonly succeeded: number; readonly failed: number };
  readonly watch: RevocationWatch | undefined;
  /** Revocation checks in a row that the issuer did not answer, for tokens that are no longer watched. */
  readonly unanswered: number;
  /** The last revoked token. It must not be used again. */
  readonly revoked: Token | undefined;
  /** Revocations in a row. */
  readonly revocations: number;
  /** The token whose hooks have not run yet. They wait until every output has it. */
  readonly hooksFor: Token | undefined;
  /** Whether the first fetch and write is done, successfully or not. */
  readonly wasTried: boolean;
  readonly isEnded: boolean;
  /** The number of the last fetch or revocation check. */
  readonly lastNumber: number;
}

/** A token that the source needed as a secret but that was not available. */
export interface Lacking {
  readonly name: string;
  /** Whether the token has become available since. */
  readonly isThere: boolean;
}

/** How a token came into use: with new values, with only a new expiry, or from the cache. */
export type Change = 'renewed' | 'extended' | 'restored';

/** An event in the life of a token. */
export type TokenEvent =
  /** Time has passed. `outputsHave` is the token that hooks wait for, once every output has it. */
  | { readonly kind: 'tick'; readonly outputsHave: Token | undefined }
  /** The cache returned this token after a restart. */
  | { readonly kind: 'cached'; readonly token: Token }
  /** A caller requests a fetch now, and waits for it. */
  | { readonly kind: 'refresh' }
  /** The next fetch becomes due now. */
  | { readonly kind: 'hurry' }
  | { readonly kind: 'fetched'; readonly fetch: number; readonly token: Token; readonly lacking?: Lacking | undefined }
  | {
      readonly kind: 'fetch-failed';
      readonly fetch: number;
      readonly failure: SourceFailure;
      readonly lacking?: Lacking | undefined;
    }
  /** Every output was tried with this token. */
  | { readonly kind: 'written'; readonly token: Token; readonly change: Change }
  | { readonly kind: 'withdrawn'; readonly why: Withdrawal }
  | { readonly kind: 'revocation-told'; readonly ask: number; readonly revoked: boolean; readonly askAgainIn: number }
  | { readonly kind: 'revocation-unknown'; readonly ask: number; readonly reason: string }
  /** The configuration changed. `sameSource`: the source settings did not change. */
  | { readonly kind: 'moved'; readonly origin: Origin; readonly sameSource: boolean }
  | { readonly kind: 'ended'; readonly why: Withdrawal };

/** An effect to perform. Effects are performed in order. */
export type Effect =
  | { readonly kind: 'fetch'; readonly fetch: number; readonly previous: Token | undefined }
  | { readonly kind: 'give-up-fetch' }
  /** Reports the result of the fetch to waiting callers. */
  | { readonly kind: 'answer'; readonly failure?: SourceFailure }
  | { readonly kind: 'ask-revocation'; readonly ask: number; readonly token: Token }
  | { readonly kind: 'give-up-asking' }
  | { readonly kind: 'write'; readonly token: Token; readonly change: Change }
  | { readonly kind: 'withdraw'; readonly why: Withdrawal }
  | { readonly kind: 'run-hooks' }
  /** Reports the new token in use, or none, to dependent tokens, before the outputs are written. */
  | { readonly kind: 'tell-taken'; readonly token: Token | undefined }
  /** Reports a new or withdrawn token to listeners, after all its outputs were tried. */
  | { readonly kind: 'tell-published'; readonly token: Token | undefined }
  | { readonly kind: 'log'; readonly level: keyof Log; readonly details: object; readonly message: string };

/** @param random from 0 up to 1 */
export type Now = Moment & { readonly random: number };

export interface Step {
  readonly life: TokenLife;
  readonly effects: readonly Effect[];
}

const NEVER = Number.POSITIVE_INFINITY;

/** Returns the initial state. The first fetch is due immediately. */
export function newLife(name: string, origin: Origin, at: Moment): TokenLife {
  return {
    name,
    origin,
    inUse: undefined,
    goneBecause: undefined,
    isOfThisSource: true,
    fetching: undefined,
    next: deadlineIn(at, 0),
    failures: 0,
    trouble: undefined,
    waitsFor: undefined,
    fetches: { succeeded: 0, failed: 0 },
    watch: undefined,
    unanswered: 0,
    revoked: undefined,
    revocations: 0,
    hooksFor: undefined,
    wasTried: false,
    isEnded: false,
    lastNumber: 0,
  };
}

/** Computes the next state and the effects of an event. A pure function. */
export function step(life: TokenLife, event: TokenEvent, now: Now): Step {
  const turn = new Turn(life, now);
  turn.take(event);
  return { life: turn.life, effects: turn.effects };
}

/** Returns the usable token, if there is one. */
export function currentOf({ inUse }: TokenLife, at: Moment): Token | undefined {
  return inUse !== undefined && leftOf(inUse, at) > 0 ? inUse.token : undefined;
}

/** Returns the milliseconds until a `tick` has something to do. */
export function dueIn({ isEnded, fetching, next, inUse, watch }: TokenLife, at: Moment): number {
  if (isEnded) return NEVER;
  const fetch = fetching === undefined ? left(next, at) : NEVER;
  return Math.min(fetch, inUse === undefined ? NEVER : leftOf(inUse, at), askDueIn(watch, at));
}

/** A step in progress. */
class Turn {
  life: TokenLife;
  readonly effects: Effect[] = [];
  readonly #now: Now;

  constructor(life: TokenLife, now: Now) {
    this.life = life;
    this.#now = now;
  }

  take(event: TokenEvent): void {
    const { fetching, watch } = this.life;
    switch (event.kind) {
      case 'tick':
        this.#tick(event.outputsHave);
        break;
      case 'cached':
        this.#restore(event.token);
        break;
      case 'refresh':
        this.#fetch();
        break;
      case 'hurry':
        this.#fetchIn(0);
        break;
      case 'fetched':
        if (event.fetch === fetching) this.#accept(event.token, event.lacking);
        break;
      case 'fetch-failed':
        if (event.fetch === fetching) this.#fail(event.failure, event.lacking);
        break;
      case 'written':
        this.#written(event.token, event.change);
        break;
      case 'withdrawn':
        this.#withdrawn(event.why);
        break;
      case 'revocation-told':
        if (event.ask === watch?.asking) this.#revocationTold(watch, event);
        break;
      case 'revocation-unknown':
        if (event.ask === watch?.asking) this.#revocationUnknown(watch, event.reason);
        break;
      case 'moved':
        this.#move(event.origin, event.sameSource);
        break;
      case 'ended':
        this.#end(event.why);
        break;
    }
  }

  #tick(outputsHave: Token | undefined): void {
    if (this.life.isEnded) return;
    if (this.life.inUse !== undefined && leftOf(this.life.inUse, this.#now) === 0) this.#takeOut('expired');
    this.#mindWrongClock();
    if (left(this.life.next, this.#now) === 0) this.#fetch();
    this.#askRevocation();
    if (outputsHave === undefined || outputsHave !== this.life.hooksFor) return;
    this.#set({ hooksFor: undefined });
    this.#do({ kind: 'run-hooks' });
  }

  /** Renews a token whose expiry was computed from a wrong clock, since every output contains the wrong expiry. */
  #mindWrongClock(): void {
    const { inUse, failures } = this.life;
    if (inUse === undefined || !isFoundOfWrongClock(inUse, this.#now)) return;
    this.#set({ inUse: { ...inUse, isOfWrongClock: true } });
    this.#log('warn', {}, 'the clock of this machine was set back: renewing the token');
    if (failures === 0) this.#fetchIn(0);
  }

  /** Uses a token from the cache until the source returns another. An expired one is withdrawn from the outputs. */
  #restore(token: Token): void {
    if (this.life.inUse !== undefined || this.life.isEnded) return;
    if (!isAlive(token, this.#now.now)) {
      this.#takeOut('expired');
      return;
    }
    this.#use(token, 'restored');
    this.#log('info', { expires_at: isoTime(token.expiresAt) }, 'a token was restored from the cache');
    // The source may have issued another token or revoked this one in the meantime.
    this.#fetchIn(0);
  }

  /** Starts a fetch unless one is in progress. Callers then wait for the fetch in progress. */
  #fetch(): void {
    const { isEnded, fetching, isOfThisSource, inUse } = this.life;
    if (isEnded || fetching !== undefined) return;
    const fetch = this.#number();
    this.#set({ fetching: fetch });
    this.#do({ kind: 'fetch', fetch, previous: isOfThisSource ? inUse?.token : undefined });
  }

  #giveUpFetch(): void {
    if (this.life.fetching === undefined) return;
    this.#set({ fetching: undefined });
    this.#do({ kind: 'give-up-fetch' });
  }

  #fetchIn(wait: number): void {
    this.#set({ next: deadlineIn(this.#now, wait) });
  }

  #fetchBySchedule(inUse: TokenInUse): void {
    const { schedule } = this.life.origin;
    const { random } = this.#now;
    const hasExpired = inUse.token.expiredAt !== undefined;
    const whole = hasExpired ? expiredWait(schedule, random) : renewalWait(inUse.lifetime, schedule, random);
    this.#fetchIn(Math.max(SHORTEST_WAIT, whole - ageOf(inUse, this.#now)));
  }

  #accept(token: Token, lacking: Lacking | undefined): void {
    const { inUse, revoked, failures, fetches, isOfThisSource } = this.life;
    const verdict = evaluate(token, inUse?.token, this.#now.now, revoked);
    if (verdict.kind === 'refused') {
      this.#fail(new SourceFailure(verdict.because), lacking);
      return;
    }
    if (failures > 0) this.#log('info', { failures }, 'the source is available again');
    this.#set({ fetching: undefined, fetches: { ...fetches, succeeded: fetches.succeeded + 1 } });
    this.#forgetTrouble();
    if (verdict.kind === 'unchanged') {
      if (!isOfThisSource) this.#watch(token);
      this.#set({ isOfThisSource: true, wasTried: true });
      this.#fetchIn(askAgainWait(inUse === undefined ? 0 : leftOf(inUse, this.#now)));
      this.#log('debug', { next_fetch_in_seconds: this.#nextFetch() }, 'the source returned the same token again');
    } else {
      this.#use(token, verdict.kind);
      const details = { expires_at: isoTime(token.expiresAt), next_fetch_in_seconds: this.#nextFetch() };
      this.#log('info', details, `a token was ${verdict.kind}`);
    }
    this.#do({ kind: 'answer' });
  }

  #use(token: Token, change: Change): void {
    const before = this.life.inUse?.token;
    const inUse = inUseFrom(token, this.#now);
    this.#set({ inUse, goneBecause: undefined, isOfThisSource: true });
    this.#fetchBySchedule(inUse);
    this.#watch(token);
    // Do not rewrite identical content: it would wake up programs that watch the file.
    const isWritten = change === 'extended' && before?.expiresAt === token.expiresAt;
    if (!isWritten) this.#set({ hooksFor: hooksAfter(change, token, this.life.hooksFor) });
    this.#do({ kind: 'tell-taken', token });
    if (isWritten) this.#set({ wasTried: true });
    else this.#do({ kind: 'write', token, change });
  }

  #written(token: Token, change: Change): void {
    if (change !== 'restored') this.#set({ wasTried: true });
    // Listeners that have the values do not need to know about a new expiry.
    if (change !== 'extended' && this.life.inUse?.token === token) this.#do({ kind: 'tell-published', token });
  }

  #withdrawn(why: Withdrawal): void {
    // For other reasons, the caller that removes the token notifies the listeners.
    const isTold = why === 'expired' || why === 'revoked';
    if (isTold && this.life.inUse === undefined) this.#do({ kind: 'tell-published', token: undefined });
  }

  #fail(failure: SourceFailure, lacking: Lacking | undefined): void {
    this.#set({ fetching: undefined });
    if (lacking === undefined) this.#retry(failure);
    else this.#waitFor(lacking);
    this.#do({ kind: 'answer', failure });
  }

  #retry({ message, retryAfter }: SourceFailure): void {
    const { fetches, inUse } = this.life;
    const failures = this.life.failures + 1;
    this.#set({
      failures,
      fetches: { ...fetches, failed: fetches.failed + 1 },
      trouble: message,
      waitsFor: undefined,
      wasTried: true,
    });
    const had = inUse && { left: leftOf(inUse, this.#now), lifetime: inUse.lifetime };
    this.#fetchIn(retryWait(failures, had, this.#now.random, retryAfter));
    const details = { error: message, failures, retry_in_seconds: this.#nextFetch() };
    this.#log('warn', details, 'a token could not be fetched');
  }

  /** Waits for a missing token. This does not count as a failure of the source. */
  #waitFor({ name, isThere }: Lacking): void {
    if (this.life.waitsFor !== name) this.#log('info', { waits_for: name }, 'a token waits for another');
    this.#set({ waitsFor: name, trouble: `waiting for the token ${name}` });
    // The missing token may have become available while this fetch was failing.
    this.#fetchIn(isThere ? 0 : NEVER);
  }

  #takeOut(why: 'expired' | 'revoked'): void {
    this.#set({ inUse: undefined, goneBecause: why, hooksFor: undefined });
    this.#stopWatching();
    this.#log('warn', {}, `a token ${why === 'expired' ? 'has expired' : 'was revoked'}: it is withdrawn`);
    this.#do({ kind: 'tell-taken', token: undefined });
    this.#do({ kind: 'withdraw', why });
  }

  #watch(token: Token): void {
    this.#stopWatching();
    const { origin, unanswered } = this.life;
    if (origin.tellsRevocation) this.#set({ watch: watchFrom(token, this.#now, unanswered) });
  }

  #stopWatching(): void {
    const { watch } = this.life;
    if (watch === undefined) return;
    if (watch.asking !== undefined) this.#do({ kind: 'give-up-asking' });
    this.#set({ watch: undefined, unanswered: watch.failures });
  }

  #askRevocation(): void {
    const { watch } = this.life;
    if (watch === undefined || askDueIn(watch, this.#now) > 0) return;
    const ask = this.#number();
    this.#set({ watch: { ...watch, asking: ask } });
    this.#do({ kind: 'ask-revocation', ask, token: watch.token });
  }

  #revocationTold(watch: RevocationWatch, { revoked, askAgainIn }: { revoked: boolean; askAgainIn: number }): void {
    const { inUse, revocations } = this.life;
    this.#set({ watch: answered(watch, askAgainIn, this.#now), revocations: revoked ? revocations + 1 : 0 });
    if (!revoked) return;
    this.#set({ revoked: inUse?.token });
    this.#takeOut('revoked');
    // A subject whose tokens are revoked immediately after issuing is probably blocked, so back off.
    this.#fetchIn(revocations === 0 ? 0 : retryWait(revocations + 2, { left: NEVER }, this.#now.random));
  }

  #revocationUnknown(watch: RevocationWatch, reason: string): void {
    // While the issuer is unavailable, its revocations are unknown. The token still expires.
    this.#log('warn', { error: reason }, 'the revocation status of the token is unknown');
    this.#set({ watch: unanswered(watch, this.#now.random, this.#now) });
  }

  #move(origin: Origin, sameSource: boolean): void {
    const { inUse, failures, origin: old } = this.life;
    this.#set({ origin });
    if (sameSource) {
      if (inUse && failures === 0 && !isDeepStrictEqual(old.schedule, origin.schedule)) this.#fetchBySchedule(inUse);
      return;
    }
    this.#giveUpFetch();
    // Keep checking for revocation: the new settings may still use the same issuer.
    if (inUse !== undefined) this.#watch(inUse.token);
    this.#set({ isOfThisSource: false });
    this.#forgetTrouble();
    this.#fetchIn(0);
  }

  #end(why: Withdrawal): void {
    this.#giveUpFetch();
    this.#stopWatching();
    this.#set({ isEnded: true, inUse: undefined, hooksFor: undefined });
    this.#do({ kind: 'withdraw', why });
  }

  #forgetTrouble(): void {
    this.#set({ failures: 0, trouble: undefined, waitsFor: undefined });
  }

  #number(): number {
    this.#set({ lastNumber: this.life.lastNumber + 1 });
    return this.life.lastNumber;
  }

  /** Returns the seconds until the next fetch, for logs. */
  #nextFetch(): number {
    return Math.round(left(this.life.next, this.#now) / 100) / 10;
  }

  #set(change: Partial<TokenLife>): void {
    this.life = { ...this.life, ...change };
  }

  #do(effect: Effect): void {
    this.effects.push(effect);
  }

  #log(level: keyof Log, details: object, message: string): void {
    this.#do({ kind: 'log', level, details: { token: this.life.name, ...details }, message });
  }
}

/** Returns the token to run hooks for. New values run hooks; a new expiry or a token from the cache does not. */
function hooksAfter(change: Change, token: Token, owedFor: Token | undefined): Token | undefined {
  if (change === 'extended') return owedFor && token;
  return change === 'renewed' ? token : undefined;
}

/** @returns undefined for undefined, so that the log omits the field */
function isoTime(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
