import type { Configuration } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Tokens } from '../model/tokens.ts';

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
