import { QuotableFailure } from './reason.ts';
import type { Token } from './token.ts';

/** Why a token is taken out of its outputs. */
export type Withdrawal = 'expired' | 'revoked' | 'stopped' | 'removed from the configuration';

/** A place where readers find a token. Its calls come one at a time. */
export interface Output {
  /** For people, such as `file /run/tokenrelay/token.json`. */
  readonly name: string;
  /**
   * Lets readers see this token, whole, in place of the one before.
   *
   * @throws {OutputFailure} and then readers see what they saw before
   */
  publish(token: Token): Promise<void>;
  /** What readers find differs from what was published last: why, as a sentence's end; nothing when it is right. */
  problem(): Promise<string | undefined>;
  /** Leaves nothing that looks fresh, as far as the output is configured so. @throws {OutputFailure} */
  withdraw(why: Withdrawal): Promise<void>;
}

/** Why an output could not be written: a sentence that names it, and no value of the token. */
export class OutputFailure extends QuotableFailure {
  override readonly name = 'OutputFailure';
}
