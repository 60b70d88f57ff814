import type * as z from 'zod';
import type { SecretReference } from '../settings/secret-reference.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { QuotableFailure } from './reason.ts';
import type { Token } from './token.ts';

/** A kind of source that tokens come from, named by `type` in the configuration. */
export interface SourceKind<Type extends string, Settings extends z.ZodType> {
  readonly type: Type;
  /** The schema of `source` in the configuration. */
  readonly settings: Settings;
  /** The names of a token's values, if they never vary. A check can then find outputs that need other values. */
  readonly values?: readonly string[];
  /** Creates a source. Sends no request. */
  create(settings: z.infer<Settings>, tools: SourceTools): Source;
}

/** The dependencies of a source. */
export interface SourceTools {
  /** The name of the token that the source provides. */
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Reads a secret. Reads it again on each call, since the secret may have been replaced.
   *
   * @throws {SourceFailure} naming the location of the missing secret
   */
  secret(reference: SecretReference): Promise<string>;
  /** The folder of the configuration, in which sources look for conventional files. */
  readonly configFolder: string;
  /** The path of the configuration. Commands in it run only if no other user can write the file. */
  readonly configFile: string;
  /** The folder of systemd credentials ($CREDENTIALS_DIRECTORY), if set. */
  readonly credentialsFolder?: string | undefined;
}

/** The source of one token. */
export interface Source {
  /**
   * Fetches a token.
   *
   * @param previous the token in use, if any. A source may renew its lease instead of requesting a new token
   * @param signal aborts the fetch
   * @throws {SourceFailure}
   */
  fetch(previous: Token | undefined, signal: AbortSignal): Promise<Token>;
  /**
   * Reports whether the issuer revoked this token. Absent if the issuer does not publish revocations.
   *
   * @returns also the milliseconds until the next check
   * @throws {SourceFailure} if the revocation status is unknown
   */
  revocation?(token: Token, signal: AbortSignal): Promise<{ revoked: boolean; askAgainIn: number }>;
  /** Releases the source's resources, such as connections and a login. */
  close?(): Promise<void>;
}

/** A failed fetch. Its message is one sentence, without a secret or a token. */
export class SourceFailure extends QuotableFailure {
  override readonly name = 'SourceFailure';
  /** How long the issuer asks clients to wait before a retry, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(sentence: string, { retryAfter, cause }: { retryAfter?: number | undefined; cause?: unknown } = {}) {
    super(sentence, cause === undefined ? {} : { cause });
    this.retryAfter = retryAfter;
  }
}
