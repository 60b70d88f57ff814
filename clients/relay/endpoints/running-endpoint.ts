import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Tokens } from '../model/tokens.ts';

/** How long responses in progress may take after an endpoint is closed, in milliseconds. */
const LAST_ANSWERS = 1_000;

export interface RunningEndpoint {
  /** The address: `http://127.0.0.1:9797`, or the path of a socket. */
  address: string;
  close(): Promise<void>;
  /**
   * Removes the files of a closed endpoint, if it has any. Not called when the agent stops: a restart replaces the files, and clients
   * that read them in between retry a refused connection, but not a missing file.
   */
  removeFiles?(): Promise<void>;
}

/** The parts of the agent that an endpoint needs. */
export interface EndpointParts {
  tokens: Tokens;
  log: Log;
  /** Default: the system clock. */
  clock?: Clock;
}

/** Wraps a listening server as an endpoint that can be closed. @param removeFiles removes its files */
export function running(server: Server, address: string, removeFiles?: () => Promise<void>): RunningEndpoint {
  return {
    address,
    ...(removeFiles && { removeFiles }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      const end = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS);
      await closed;
      clearTimeout(end);
    },
  };
}
