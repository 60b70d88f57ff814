import type { RunningEndpoint } from '../endpoints/start-endpoint.ts';
import { faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

/** An endpoint that should be open. */
export interface Opening {
  /** The same for the same settings. */
  key: string;
  /** As in the configuration, or `control`. */
  protocol: string;
  open(): Promise<RunningEndpoint>;
}

export interface EndpointSet {
  /**
   * Opens what is wanted and closes what is not; what is open already stays untouched. When one cannot be opened,
   * everything is as it was before, and that is thrown.
   */
  change(wanted: readonly Opening[]): Promise<void>;
  /** Closes all. */
  close(): Promise<void>;
}

/** The endpoints of a running agent, which a reload may change. */
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
  const closeAll = async (gone: Iterable<{ opening: Opening; endpoint: RunningEndpoint }>) => {
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
      // First, as another may be wanted at the same address.
      await closeAll(gone);
      const { opened, failure } = await openAll(wanted.filter(({ key }) => !open.has(key)));
      if (failure === undefined) return;
      await closeAll(opened);
      const again = await openAll(gone.map(({ opening }) => opening));
      if (again.failure)
        log.error({ fault: faultDetails(again.failure.reason) }, 'an endpoint could not be opened again');
      throw failure.reason;
    },
    async close() {
      await closeAll(open.values());
      open = new Map();
    },
  };
}
