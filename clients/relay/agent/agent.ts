import type { Configuration } from '../config/configuration.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
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

/** What the agent is given of the world. */
export interface World {
  clock: Clock;
  log: Log;
  /** Of the process: secrets may be in it, and `$CREDENTIALS_DIRECTORY`. */
  env: NodeJS.ProcessEnv;
  /** Where the configuration file is. */
  configFolder: string;
  /** The configuration file itself. */
  configFile: string;
}

/** The running agent. */
export interface Agent extends Tokens {
  /** Each token was fetched and written once, or that failed: says how they are then. */
  readonly settled: Promise<TokenStatus[]>;
  /**
   * Goes on by another configuration: tokens that did not change keep what they have, those no longer named are
   * withdrawn.
   */
  reload(configuration: Configuration): Promise<void>;
  /** Ends every fetch, removes what is configured to be removed, closes the sources. */
  stop(): Promise<void>;
}
