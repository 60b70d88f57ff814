import { QuotableFailure } from './reason.ts';
import type { Token } from './token.ts';

/** Why a token is withdrawn from its outputs. */
export type Withdrawal = 'expired' | 'revoked' | 'stopped' | 'removed from the configuration';

/** A destination from which programs read a token. Its methods are never called concurrently. */
export interface Output {
  /** A name for logs and statuses, such as `file /run/tokenrelay/token.json`. */
  readonly name: string;
  /**
   * Replaces the previous token with this one, atomically for readers.
   *
   * @param leaveOut called with a clause about each value that the output cannot contain and leaves out
   * @throws {OutputFailure} if that fails. Readers then still see the previous token
   */
  publish(token: Token, leaveOut?: (why: string) => void): Promise<void>;
  /** Returns how the output's content differs from what was last published, as a clause; undefined if it is right. */
  problem(): Promise<string | undefined>;
  /** Removes the token from the output, as configured, so that nothing looks fresh. @throws {OutputFailure} */
  withdraw(why: Withdrawal): Promise<void>;
}

/** A failure to write an output. Its message names the output and contains no value of the token. */
export class OutputFailure extends QuotableFailure {
  override readonly name = 'OutputFailure';
}
