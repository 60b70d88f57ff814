import type { PublicJwk, TrustEntry } from './trust-entry.ts';

/** The published keys of other issuers. */
export interface ProofKeys {
  /**
   * Returns the keys of an entry's issuer.
   *
   * @param kid the key that the proof names. If it is not among cached keys, an adapter may fetch them again. The adapter
   *   limits how often.
   * @throws DependencyFault if the keys cannot be fetched, and none are cached, or none with this `kid`
   */
  keysOf(entry: TrustEntry, kid: string | undefined): Promise<readonly PublicJwk[]>;
}
