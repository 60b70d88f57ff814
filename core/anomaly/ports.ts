import type { Profile } from './profile.ts';

/** What is remembered of workloads, so as to know what is usual. */
export interface Profiles {
  /**
   * Strongly consistent.
   * @param of a subject, or `*`: all of them together
   */
  get(of: string): Promise<{ profile: Profile; version: number } | undefined>;
  /**
   * Stores the next version.
   * @param version the one that was read; 0: there was none
   * @returns whether it did: nobody else came before
   */
  put(of: string, profile: Profile, version: number): Promise<boolean>;
}
