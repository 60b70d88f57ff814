import { isDeepStrictEqual } from 'node:util';
import type { Log } from '../model/log.ts';
import type { Withdrawal } from '../model/output.ts';
import { SourceFailure } from '../model/source.ts';
import { isAlive, type Token } from '../model/token.ts';
import { judge } from './judge-token.ts';
import { answered, askDueIn, type RevocationWatch, unanswered, watchFrom } from './revocation-watch.ts';
import { askAgainWait, renewalWait, retryWait, type Schedule, SHORTEST_WAIT } from './schedule.ts';
import { type Deadline, deadlineIn, left, type Moment } from './times.ts';
import { ageOf, inUseFrom, isFoundOfWrongClock, leftOf, type TokenInUse } from './token-in-use.ts';

/** What decides when a token is fetched, and by whom. */
export interface Origin {
  readonly schedule: Schedule;
  /** Whether its source can tell of a revocation. */
  readonly tellsRevocation: boolean;
}

/** The life of one token, as data: `step` says what becomes of it. */
export interface TokenLife {
  readonly name: string;
  readonly origin: Origin;
  readonly inUse: TokenInUse | undefined;
  /** Why there is none any more. */
  readonly goneBecause: 'expired' | 'revoked' | undefined;
  /** False while what is in use was issued to settings that have changed since: no source but its own can renew it. */
  readonly isOfThisSource: boolean;
  /** The number of the fetch that goes on. */
  readonly fetching: number | undefined;
  /** When it is fetched next. */
  readonly next: Deadline;
  /** In a row. */
  readonly failures: number;
  /** Why the last fetch failed. */
  readonly trouble: string | undefined;
  /** The token whose absence keeps this one from being fetched. */
  readonly waitsFor: string | undefined;
  /** Since the start. */
  readonly fetches: { readonly succeeded: number; readonly failed: number };
  readonly watch: RevocationWatch | undefined;
  /** Questions in a row that the issuer did not answer, about tokens that are not watched any more. */
  readonly unanswered: number;
  /** What its issuer revoked last: it must not come back. */
  readonly revoked: Token | undefined;
  /** In a row. */
  readonly revocations: number;
  /** What hooks are still to be run for: they wait until every output has it. */
  readonly hooksFor: Token | undefined;
  /** It was fetched and written once, or that failed. */
  readonly wasTried: boolean;
  readonly isEnded: boolean;
  /** The number of the last fetch or question. */
  readonly lastNumber: number;
}

/** The token that the source wanted a secret of, and that was not there. */
export interface Lacking {
  readonly name: string;
  /** It has come meanwhile. */
  readonly isThere: boolean;
}

/** How a token came into use: with other values, with another end alone, or from the cache. */
export type Change = 'renewed' | 'extended' | 'restored';

/** What happens to a token. */
export type TokenEvent =
  /** Time went by. `outputsHave`: the token that hooks wait for, once every output has it. */
  | { readonly kind: 'tick'; readonly outputsHave: Token | undefined }
  /** The cache had this one from before a restart. */
  | { readonly kind: 'cached'; readonly token: Token }
  /** Somebody wants it fetched now, and waits for it. */
  | { readonly kind: 'refresh' }
  /** Its next fetch is due. */
  | { readonly kind: 'hurry' }
  | { readonly kind: 'fetched'; readonly fetch: number; readonly token: Token; readonly lacking?: Lacking | undefined }
  | {
      readonly kind: 'fetch-failed';
      readonly fetch: number;
      readonly failure: SourceFailure;
      readonly lacking?: Lacking | undefined;
    }
  /** Every output was tried with it. */
  | { readonly kind: 'written'; readonly token: Token; readonly change: Change }
  | { readonly kind: 'withdrawn'; readonly why: Withdrawal }
  | { readonly kind: 'revocation-told'; readonly ask: number; readonly revoked: boolean; readonly askAgainIn: number }
  | { readonly kind: 'revocation-unknown'; readonly ask: number; readonly reason: string }
  /** The configuration changed. `sameSource`: it is asked for what was asked for before. */
  | { readonly kind: 'moved'; readonly origin: Origin; readonly sameSource: boolean }
  | { readonly kind: 'ended'; readonly why: Withdrawal };

/** What is to be done about it, in this order. */
export type Effect =
  | { readonly kind: 'fetch'; readonly fetch: number; readonly previous: Token | undefined }
  | { readonly kind: 'give-up-fetch' }
  /** Whoever waits for the fetch learns how it went. */
  | { readonly kind: 'answer'; readonly failure?: SourceFailure }
  | { readonly kind: 'ask-revocation'; readonly ask: number; readonly token: Token }
  | { readonly kind: 'give-up-asking' }
  | { readonly kind: 'write'; readonly token: Token; readonly change: Change }
  | { readonly kind: 'withdraw'; readonly why: Withdrawal }
  | { readonly kind: 'run-hooks' }
  /** Another token is in use, or none: told to those who need it to fetch theirs, before outputs have it. */
  | { readonly kind: 'tell-taken'; readonly token: Token | undefined }
  /** Readers find other values, or none any more: told after its outputs were tried. */
  | { readonly kind: 'tell-published'; readonly token: Token | undefined }
  | { readonly kind: 'log'; readonly level: keyof Log; readonly details: object; readonly message: string };

/** @param random from 0 up to 1 */
export type Now = Moment & { readonly random: number };

export interface Step {
  readonly life: TokenLife;
  readonly effects: readonly Effect[];
}

const NEVER = Number.POSITIVE_INFINITY;

/** Nothing is known yet: it is fetched at once. */
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

/** The life of a token after an event, and the effects to perform. Pure: it reads nothing else and changes nothing. */
export function step(life: TokenLife, event: TokenEvent, now: Now): Step {
  const turn = new Turn(life, now);
  turn.take(event);
  return { life: turn.life, effects: turn.effects };
}

/** The token that may be used. */
export function currentOf({ inUse }: TokenLife, at: Moment): Token | undefined {
  return inUse !== undefined && leftOf(inUse, at) > 0 ? inUse.token : undefined;
}

/** Milliseconds until a `tick` has something to do. */
export function dueIn({ isEnded, fetching, next, inUse, watch }: TokenLife, at: Moment): number {
  if (isEnded) return NEVER;
  const fetch = fetching === undefined ? left(next, at) : NEVER;
  return Math.min(fetch, inUse === undefined ? NEVER : leftOf(inUse, at), askDueIn(watch, at));
}

/** One step under way. */
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

  /** What was told of a token’s end by a wrong clock is wrong wherever it is written. */
  #mindWrongClock(): void {
    const { inUse, failures } = this.life;
    if (inUse === undefined || !isFoundOfWrongClock(inUse, this.#now)) return;
    this.#set({ inUse: { ...inUse, isOfWrongClock: true } });
    this.#log('warn', {}, 'the clock of this machine was set back: the token is fetched anew');
    if (failures === 0) this.#fetchIn(0);
  }

  /** Takes up a token from the cache until its source gives another; one that has ended is taken out of its outputs. */
  #restore(token: Token): void {
    if (this.life.inUse !== undefined || this.life.isEnded) return;
    if (!isAlive(token, this.#now.now)) {
      this.#takeOut('expired');
      return;
    }
    this.#use(token, 'restored');
    this.#log('info', { expires_at: isoTime(token.expiresAt) }, 'a token was restored from the cache');
    // Its source may have another by now, or have revoked it.
    this.#fetchIn(0);
  }

  /** Never twice at once: who wants it fetched while a fetch goes on waits for that one. */
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
    const wait = renewalWait(inUse.lifetime, this.life.origin.schedule, this.#now.random) - ageOf(inUse, this.#now);
    this.#fetchIn(Math.max(SHORTEST_WAIT, wait));
  }

  #accept(token: Token, lacking: Lacking | undefined): void {
    const { inUse, revoked, failures, fetches, isOfThisSource } = this.life;
    const verdict = judge(token, inUse?.token, this.#now.now, revoked);
    if (verdict.kind === 'refused') {
      this.#fail(new SourceFailure(verdict.because), lacking);
      return;
    }
    if (failures > 0) this.#log('info', { failures }, 'the source is there again');
    this.#set({ fetching: undefined, fetches: { ...fetches, succeeded: fetches.succeeded + 1 } });
    this.#forgetTrouble();
    if (verdict.kind === 'unchanged') {
      if (!isOfThisSource) this.#watch(token);
      this.#set({ isOfThisSource: true, wasTried: true });
      this.#fetchIn(askAgainWait(inUse === undefined ? 0 : leftOf(inUse, this.#now)));
      this.#log('debug', { next_fetch_in_seconds: this.#nextFetch() }, 'the source gave the same token again');
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
    // What readers find would be the same to the letter, and a file that changes wakes those who watch it.
    const isWritten = change === 'extended' && before?.expiresAt === token.expiresAt;
    if (!isWritten) this.#set({ hooksFor: hooksAfter(change, token, this.life.hooksFor) });
    this.#do({ kind: 'tell-taken', token });
    if (isWritten) this.#set({ wasTried: true });
    else this.#do({ kind: 'write', token, change });
  }

  #written(token: Token, change: Change): void {
    if (change !== 'restored') this.#set({ wasTried: true });
    // Whoever has its values needs not be told of another end.
    if (change !== 'extended' && this.life.inUse?.token === token) this.#do({ kind: 'tell-published', token });
  }

  #withdrawn(why: Withdrawal): void {
    // The agent itself tells when it stops or removes a token.
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

  /** That another token is not there yet is no failure of this one’s source. */
  #waitFor({ name, isThere }: Lacking): void {
    if (this.life.waitsFor !== name) this.#log('info', { waits_for: name }, 'a token waits for another');
    this.#set({ waitsFor: name, trouble: `it waits for the token ${name}` });
    // It may have come while this fetch was failing for want of it.
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
    // Whose tokens are revoked as soon as they are issued is blocked.
    this.#fetchIn(revocations === 0 ? 0 : retryWait(revocations + 2, { left: NEVER }, this.#now.random));
  }

  #revocationUnknown(watch: RevocationWatch, reason: string): void {
    // An issuer that is away tells nobody of a revocation; the token still ends by itself.
    this.#log('warn', { error: reason }, 'nobody knows whether the token was revoked');
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
    // Who asks the same issuer in another way learns of its revocation all the same; another issuer does not know.
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

  /** In seconds, as logs have it. */
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

/** Other values have hooks run, another end alone does not; after a restart they have been run before. */
function hooksAfter(change: Change, token: Token, owedFor: Token | undefined): Token | undefined {
  if (change === 'extended') return owedFor && token;
  return change === 'renewed' ? token : undefined;
}

/** @returns nothing for nothing: no such detail is logged then */
function isoTime(moment: number | undefined): string | undefined {
  return moment === undefined ? undefined : new Date(moment).toISOString();
}
