import { SourceFailure } from '../sources/source.ts';

/**
 * Waits for work that does not listen to a signal; what it comes to after the signal is nobody's.
 *
 * @throws {SourceFailure} when the signal says so first
 */
export async function unlessGivenUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new SourceFailure('the fetch was given up'));
  signal.addEventListener('abort', giveUp);
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
