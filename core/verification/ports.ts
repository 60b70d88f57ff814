import type { Introspections } from '../records/audit-fact.ts';

/** Counts the introspections of each token by resource server and minute. */
export interface IntrospectionCounts {
  /**
   * Counts an introspection.
   *
   * @param introspection the token, the resource server and the result
   * @param at when the introspection happened, in milliseconds since the epoch
   * @param ttl when the store may delete the count, in seconds since the epoch
   */
  add(introspection: Omit<Introspections, 'minute' | 'last' | 'count'>, at: number, ttl: number): Promise<void>;
}
