import { exitCodes, faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

/**
 * Ends the process on a fault that nobody caught: its state is unknown then, and whoever started it starts it anew.
 * What is logged is its kind and its place, as a message may hold a token.
 *
 * @param before done first, at once
 */
export function endOnFaults(log: Log, before: () => void = () => {}): void {
  const end = (error: unknown) => {
    log.error({ fault: faultDetails(error) }, 'unexpected fault: the agent ends');
    before();
    process.exit(exitCodes.fault);
  };
  endBy(end);
}

/** Has this done on a fault that nobody caught, in place of what was to be done. */
export function endBy(end: (error: unknown) => void): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.removeAllListeners(event).on(event, end);
  }
}
