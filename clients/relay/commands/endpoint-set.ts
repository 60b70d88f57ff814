import type { RunningEndpoint } from '../endpoints/start-endpoint.ts';
import { faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

/** An endpoint that should be open. */
export interface Opening {
  /** Identifies the settings: equal settings have equal keys. */
  key: string;
  /** The protocol as the configuration names it, or `control`. */
  protocol: string;
  open(): Promise<RunningEndpoint>;
}

export interface EndpointSet {
  /**
   * Opens the endpoints in `wanted` and closes all others. Endpoints that are open already are not touched. If an
   * endpoint cannot be opened, restores the previous endpoints and throws the error. Removes the files of endpoints that
   * are gone for good.
   */
  change(wanted: readonly Opening[]): Promise<void>;
  /** Closes all endpoints, because the agent stops. Their files stay for the next start. */
  close(): Promise<void>;
}

/** Creates the set of a running agent's endpoints, which a reload may change. */
export function endpointSet(log: Log): EndpointSet {
  let open = new Map<string, { opening: Opening; endpoint: RunningEndpoint }>();

  const openAll = async (openings: readonly Opening[]) => {
    const results = await Promise.allSettled(
      openings.map(async (one) => ({ opening: one, endpoint: await one.open() })),
    );
    const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    for (const { opening, endpoint } of opened) {
      open.set(opening.key, { opening, endpoint });
      log.info({ protocol: opening.protocol, address: endpoint.address }, 'listening');
    }
    return { opened, failure: results.find((result) => result.status === 'rejected') };
  };
  type Open = { opening: Opening; endpoint: RunningEndpoint };
  const removeFiles = async (gone: readonly Open[]) => {
    await Promise.all(gone.map(({ endpoint }) => endpoint.removeFiles?.()));
  };
  const closeAll = async (gone: Iterable<Open>) => {
    await Promise.all(
      [...gone].map(async ({ opening, endpoint }) => {
        open.delete(opening.key);
        await endpoint.close();
      }),
    );
  };

  return {
    async change(wanted) {
      const keys = new Set(wanted.map(({ key }) => key));
      const gone = [...open.values()].filter(({ opening }) => !keys.has(opening.key));
      // Close first: a new endpoint may use the same address.
      await closeAll(gone);
      const { opened, failure } = await openAll(wanted.filter(({ key }) => !open.has(key)));
      // A new endpoint may have replaced the file of an old one, which then stays.
      if (failure === undefined) return await removeFiles(gone);
      await closeAll(opened);
      await removeFiles(opened);
      const again = await openAll(gone.map(({ opening }) => opening));
      if (again.failure) log.error({ fault: faultDetails(again.failure.reason) }, 'an endpoint could not be reopened');
      throw failure.reason;
    },
    async close() {
      await closeAll(open.values());
      open = new Map();
    },
  };
}
