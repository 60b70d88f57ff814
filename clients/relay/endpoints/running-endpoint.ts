import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Clock } from '../model/clock.ts';
import type { Log } from '../model/log.ts';
import type { Tokens } from '../model/tokens.ts';

/** How long answers that are under way have when an endpoint closes, in milliseconds. */
const LAST_ANSWERS = 1_000;

export interface RunningEndpoint {
  /** Where it listens: `http://127.0.0.1:9797`, or the path of its socket. */
  address: string;
  close(): Promise<void>;
}

/** What an endpoint is given of the agent. */
export interface EndpointParts {
  tokens: Tokens;
  log: Log;
  /** Default: that of this machine. */
  clock?: Clock;
}

/** A server that listens, as what can be closed. @param afterwards is done once it is closed */
export function running(server: Server, address: string, afterwards = async () => {}): RunningEndpoint {
  return {
    address,
    async close() {
      const closed = once(server, 'close');
      server.close();
      const end = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS);
      await closed;
      clearTimeout(end);
      await afterwards();
    },
  };
}
