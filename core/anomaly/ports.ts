import type { Profile } from './profile.ts';

/** Stores the profiles of workloads. */
export interface Profiles {
  /**
   * Reads a profile with strong consistency.
   * @param of a subject, or `*` for all workloads together
   */
  get(of: string): Promise<{ profile: Profile; version: number } | undefined>;
  /**
   * Stores the next version of a profile, with an optimistic lock.
   * @param version the version that was read; 0 if there was no profile
   * @returns whether the profile was stored; `false` if another writer was faster
   */
  put(of: string, profile: Profile, version: number): Promise<boolean>;
}
