import type { TokenStatus } from './status.ts';
import type { Token } from './token.ts';

/** The running agent's tokens, as endpoints, children and commands access them. */
export interface Tokens {
  /** Returns the status of every token, in the order of the configuration. */
  statuses(): TokenStatus[];
  /** Checks the current content of every output, then returns the statuses. Wrong outputs are then rewritten. */
  inspect(): Promise<TokenStatus[]>;
  /** Returns the token with this name, or undefined if it is unknown, not fetched yet, expired or revoked. */
  current(name: string): Token | undefined;
  /**
   * Fetches a token now, independent of its schedule, and writes its outputs.
   *
   * @throws {SourceFailure} if the fetch fails
   * @throws {RangeError} if there is no token with this name
   */
  refresh(name: string): Promise<TokenStatus>;
  /**
   * Calls the listener with each new token, or with `undefined` for a withdrawn one, after its outputs were written.
   *
   * @returns a function that removes the listener
   */
  onChange(listener: (name: string, token: Token | undefined) => void): () => void;
}
