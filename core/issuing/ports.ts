import type { Behaviour } from '../policy/authorization-request.ts';

/** Reads the recent behaviour of callers. */
export interface RecentBehaviour {
  /**
   * Returns the recent behaviour of a subject. The read is eventually consistent and may miss the last second.
   *
   * @param now milliseconds since the epoch
   */
  of(subject: string, now: number): Promise<Behaviour>;
}
