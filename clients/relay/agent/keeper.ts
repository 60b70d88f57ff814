import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Withdrawal } from '../model/output.ts';
import type { Source } from '../model/source.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';
import type { WorkQueue } from '../model/work-queue.ts';
import type { Publication } from './publication.ts';
import type { Schedule } from './schedule.ts';

/**
 * How a token came into use: with other values, with another end alone, as it was (it has no end), or from the cache.
 */
export type Change = 'renewed' | 'extended' | 'confirmed' | 'restored';

/** Where one token comes from, and when. */
export interface Origin {
  readonly source: Source;
  readonly schedule: Schedule;
  /** How long one fetch may take, in milliseconds, whatever the source does. */
  readonly fetchLimit: number;
  /** The token that the source wanted a secret of since this was last asked, and that was not there. */
  missingToken(): string | undefined;
}

export interface KeeperTools {
  readonly clock: Clock;
  readonly log: Log;
  random(): number;
  readonly fetches: WorkQueue;
  readonly revocations: WorkQueue;
  /** Whether a token of this name may be used now. */
  isThere(name: string): boolean;
  /** Another token is in use, or none: told before its outputs have it. */
  taken(token: Token | undefined, how?: Change): void;
  /** Readers find other values, or none any more: told after its outputs were tried. */
  published(token: Token | undefined): void;
  /** Something may be due sooner than it was. */
  changed(): void;
}

/** Keeps one token fresh: fetches it, hands it to its outputs, takes it out of them at its end. */
export interface TokenKeeper {
  readonly publication: Publication;
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
  /** Takes up a token from the cache until its source gives another; one that has ended is taken out of its outputs. */
  restore(token: Token): void;
  /** Fetches now, and has the outputs tried. @throws {SourceFailure} */
  refresh(): Promise<void>;
  /** Its next fetch is due. */
  hurry(): void;
  /** Goes on with another origin. @param sameSource it asks for what was asked for before */
  moveTo(type: string, origin: Origin, sameSource: boolean): void;
  tick(): void;
  /** Milliseconds until something is due. */
  dueIn(): number;
  /** Ends what goes on and takes the token out of its outputs. */
  end(why: Withdrawal): Promise<void>;
}
