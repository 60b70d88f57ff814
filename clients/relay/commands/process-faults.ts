import { exitCodes, faultDetails } from '../failure.ts';
import type { Log } from '../model/log.ts';

/**
 * Ends the process on an uncaught error: its state is unknown then, and its supervisor can restart it. Logs the type
 * and the location of the error, but not its message, which may contain a token.
 *
 * @param before called synchronously before the process exits
 */
export function endOnFaults(log: Log, before: () => void = () => {}): void {
  const end = (error: unknown) => {
    log.error({ fault: faultDetails(error) }, 'unexpected error: the agent exits');
    before();
    process.exit(exitCodes.fault);
  };
  endBy(end);
}

/** Replaces the handlers of uncaught errors and unhandled rejections with `end`. */
export function endBy(end: (error: unknown) => void): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.removeAllListeners(event).on(event, end);
  }
}
