import type { Configuration } from '../config/configuration.ts';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Tokens } from '../model/tokens.ts';

/** The external dependencies of the agent. */
export interface World {
  clock: Clock;
  log: Log;
  /** The environment of the process. It may contain secrets and `$CREDENTIALS_DIRECTORY`. */
  env: NodeJS.ProcessEnv;
  /** The folder of the configuration file. */
  configFolder: string;
  /** The path of the configuration file. */
  configFile: string;
}

/** The running agent. */
export interface Agent extends Tokens {
  /** Resolves with the statuses once every token was fetched and written for the first time, or failed to be. */
  readonly settled: Promise<TokenStatus[]>;
  /**
   * Switches to another configuration. Unchanged tokens keep their values. Removed tokens are withdrawn.
   */
  reload(configuration: Configuration): Promise<void>;
  /** Aborts all fetches, removes outputs that are configured to be removed on stop, and closes the sources. */
  stop(): Promise<void>;
}
