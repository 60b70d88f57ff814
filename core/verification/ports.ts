import type { Introspections } from '../records/audit-fact.ts';

/** How often resource servers asked about each token, minute by minute. */
export interface IntrospectionCounts {
  /**
   * Counts one more.
   * @param told what was told, and when (milliseconds)
   * @param ttl from when on the store may forget it, in seconds since the epoch
   */
  add(told: Omit<Introspections, 'minute' | 'last' | 'count'>, at: number, ttl: number): Promise<void>;
}
