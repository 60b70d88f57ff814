import type { Behaviour } from '../policy/authorization-request.ts';

/** What callers did lately. */
export interface RecentBehaviour {
  /** @param now milliseconds since the epoch. Eventually consistent: what happened this second may not be in it. */
  of(subject: string, now: number): Promise<Behaviour>;
}
