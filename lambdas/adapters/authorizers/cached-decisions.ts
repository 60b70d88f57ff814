import type { AuthorizerRequest } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { Clock } from '@tvm/core/ports.ts';

/** @returns a decision for each request, in the order of the requests */
type Evaluate = (requests: readonly AuthorizerRequest[]) => Promise<boolean[]>;

/** Maximum number of cached decisions. */
const MOST = 1_000;

/**
 * Caches decisions, allow and deny alike, for a limited time. A request identical to one in flight waits for its
 * result. Errors are not cached. A full cache drops the least recently used decision.
 *
 * @param seconds how long a decision is cached, from when it was requested; 0 only shares the results of requests in
 *   flight
 */
export function cachedDecisions(evaluate: Evaluate, seconds: number, clock: Clock): Evaluate {
  /** The least recently used decision first. */
  const cache = new Map<string, { allowed: boolean; until: number }>();
  const inFlight = new Map<string, Promise<boolean>>();

  function cached(key: string, now: number): boolean | undefined {
    const decision = cache.get(key);
    if (decision === undefined) return undefined;
    cache.delete(key);
    if (decision.until <= now) return undefined;
    cache.set(key, decision);
    return decision.allowed;
  }

  function store(key: string, allowed: boolean, until: number): void {
    if (until <= clock.now()) return;
    cache.set(key, { allowed, until });
    for (const oldest of cache.keys()) {
      if (cache.size <= MOST) break;
      cache.delete(oldest);
    }
  }

  function send(unknown: ReadonlyMap<string, AuthorizerRequest>, now: number): void {
    const decisions = evaluate([...unknown.values()]);
    for (const [index, key] of [...unknown.keys()].entries()) {
      const decision = async () => {
        try {
          const allowed = (await decisions)[index] === true;
          store(key, allowed, now + seconds * 1000);
          return allowed;
        } finally {
          inFlight.delete(key);
        }
      };
      inFlight.set(key, decision());
    }
  }

  return async (requests) => {
    const now = clock.now();
    const keyed = requests.map((request) => [requestKey(request), request] as const);
    const known = new Map(keyed.map(([key]) => [key, cached(key, now)]));
    const unknown = new Map(keyed.filter(([key]) => known.get(key) === undefined && !inFlight.has(key)));
    if (unknown.size > 0) send(unknown, now);
    return Promise.all(keyed.map(async ([key]) => known.get(key) ?? (await inFlight.get(key)) === true));
  };
}

/**
 * Returns the cache key of a request. The key covers everything except the time, which differs in every request. Equal
 * JSON documents have the same key, whatever the order of their properties.
 */
export function requestKey({ context: { time: _, ...context }, ...request }: AuthorizerRequest): string {
  return JSON.stringify({ ...request, context }, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
