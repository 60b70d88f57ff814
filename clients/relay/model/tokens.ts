import type { TokenStatus } from './status.ts';
import type { Token } from './token.ts';

/** What endpoints, children and commands see of the running agent. */
export interface Tokens {
  /** Every token of the configuration, in its order. */
  statuses(): TokenStatus[];
  /** The same, after a look at every output: what readers find there at this moment. What is wrong is then mended. */
  inspect(): Promise<TokenStatus[]>;
  /** The token of this name if it may be used now; nothing when it is unknown, not there yet, expired or revoked. */
  current(name: string): Token | undefined;
  /**
   * Fetches now, whatever the schedule says, and hands it to its outputs.
   *
   * @throws {SourceFailure} when the source gives none
   * @throws {RangeError} when there is no such token
   */
  refresh(name: string): Promise<TokenStatus>;
  /**
   * Tells of each token that is new (`token`) or gone (`undefined`), after its outputs have it.
   *
   * @returns ends it
   */
  onChange(listener: (name: string, token: Token | undefined) => void): () => void;
}
