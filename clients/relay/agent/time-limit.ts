import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';

/**
 * Runs work with a time limit. The work may hang and may ignore its signal.
 *
 * @param limit milliseconds
 * @param signal aborts before the limit
 * @throws {SourceFailure} if the work takes longer than the limit
 */
export function withinTime<Result>(
  clock: Clock,
  limit: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const controller = new AbortController();
    const end = (reason: unknown) => {
      settle(() => reject(reason));
      controller.abort(reason);
    };
    const giveUp = () => end(signal.reason);
    const cancel = clock.after(limit, () =>
      end(new SourceFailure(`its source did not respond within ${Math.round(limit / 1_000)} seconds`)),
    );
    const settle = (how: () => void) => {
      cancel();
      signal.removeEventListener('abort', giveUp);
      how();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    // A synchronous exception of a source becomes a rejection.
    new Promise<Result>((started) => started(work(controller.signal))).then(
      (result) => settle(() => resolve(result)),
      (error) => settle(() => reject(error)),
    );
  });
}
