import type { PublicJwk } from '@tvm/core/federation/trust-entry.ts';
import { type Clock, DependencyFault } from '@tvm/core/ports.ts';

/** How long keys are used without another fetch, in milliseconds. A removed key is used no longer while the issuer responds. */
const FRESH_FOR = 300_000;

/** How long keys are used while they cannot be fetched, in milliseconds. A removed key may be used as long. */
const MAX_STALE = 86_400_000;

/** Minimum time between a fetch for an unknown `kid` and the fetch before it, in milliseconds. Anybody can send such a `kid`. */
const UNKNOWN_KID_PAUSE = 60_000;

/** Minimum time between a failed fetch and the next, in milliseconds. */
const COOL_DOWN = 30_000;

/**
 * Caches the keys of one issuer. They are fetched on first use, when they are five minutes old, and for an unknown `kid`.
 * Simultaneous callers share one fetch.
 *
 * @param load fetches the keys
 * @returns a function that returns the keys for a proof with this `kid`. It throws DependencyFault if the keys cannot be fetched
 *   and none younger than a day are cached, or none with this `kid`: the issuer may have published it since.
 */
export function keyCache(
  load: () => Promise<readonly PublicJwk[]>,
  clock: Clock,
): (kid: string | undefined) => Promise<readonly PublicJwk[]> {
  let cached: { keys: readonly PublicJwk[]; at: number } | undefined;
  let failure: { why: unknown } | undefined;
  let attemptedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const refresh = async () => {
    try {
      cached = { keys: await load(), at: clock.now() };
      failure = undefined;
    } catch (why) {
      failure = { why };
    }
    attemptedAt = clock.now();
  };
  const age = () => (cached === undefined ? Number.POSITIVE_INFINITY : clock.now() - cached.at);
  const isKnown = (kid: string | undefined) =>
    kid === undefined || cached?.keys.some((key) => key.kid === kid) === true;

  return async (kid) => {
    const isFresh = age() < FRESH_FOR;
    if (!isFresh || !isKnown(kid)) {
      const pause = isFresh ? UNKNOWN_KID_PAUSE : COOL_DOWN;
      if (running === undefined && clock.now() - attemptedAt >= pause) {
        running = refresh().finally(() => {
          running = undefined;
        });
      }
      await running;
    }
    const isUsable = cached !== undefined && age() < MAX_STALE && (failure === undefined || isKnown(kid));
    if (cached === undefined || !isUsable) throw new DependencyFault('the keys of an issuer', failure?.why);
    return cached.keys;
  };
}
