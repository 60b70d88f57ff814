import type * as z from 'zod';
import type { SecretReference } from '../settings/secret-reference.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { QuotableFailure } from './reason.ts';
import type { Token } from './token.ts';

/** Where tokens come from: one kind of issuer, as `type` names it in the configuration. */
export interface SourceKind<Type extends string, Settings extends z.ZodType> {
  readonly type: Type;
  /** What stands under `source` in the configuration. */
  readonly settings: Settings;
  /** The names of a token's values, where they are always these: a check then finds what could not be written. */
  readonly values?: readonly string[];
  /** Makes a source; asks nothing yet. */
  create(settings: z.infer<Settings>, tools: SourceTools): Source;
}

/** What a source is given of the world. */
export interface SourceTools {
  /** The name of the token that it is for. */
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Reads a secret where the configuration says it is, anew each time: somebody may have replaced it.
   *
   * @throws {SourceFailure} naming where it should have been
   */
  secret(reference: SecretReference): Promise<string>;
  /** The configuration's folder, where a source's conventions look for files. */
  readonly configFolder: string;
  /** The configuration itself: a command in it is run only where nobody else can write it. */
  readonly configFile: string;
  /** The folder of systemd credentials ($CREDENTIALS_DIRECTORY), where there is one. */
  readonly credentialsFolder?: string | undefined;
}

/** One source of one token. */
export interface Source {
  /**
   * Gets a token.
   *
   * @param previous the one that is in use, if any: a lease may be renewed in place of asking for a new one
   * @param signal gives up
   * @throws {SourceFailure}
   */
  fetch(previous: Token | undefined, signal: AbortSignal): Promise<Token>;
  /**
   * Whether the issuer took this token back; absent where an issuer has no way to tell.
   *
   * @returns also in how many milliseconds to ask again
   * @throws {SourceFailure} when nobody knows
   */
  revocation?(token: Token, signal: AbortSignal): Promise<{ revoked: boolean; askAgainIn: number }>;
  /** Gives back what it holds: connections, a login. */
  close?(): Promise<void>;
}

/** Why a source gave no token: one sentence, with no secret and no token in it. */
export class SourceFailure extends QuotableFailure {
  override readonly name = 'SourceFailure';
  /** How long the issuer asks to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(sentence: string, { retryAfter, cause }: { retryAfter?: number | undefined; cause?: unknown } = {}) {
    super(sentence, cause === undefined ? {} : { cause });
    this.retryAfter = retryAfter;
  }
}
