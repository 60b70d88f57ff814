import type { RevocationProgress, RevocationRequest, RevocationState } from './revocation-request.ts';

/** Stores revocation requests until some time after the last token that they may select has expired. */
export interface RevocationRequests {
  /** Stores a request, unless one with the same ID exists. @returns the stored request */
  submit(order: RevocationRequest): Promise<RevocationState>;
  get(revocationId: string): Promise<RevocationState | undefined>;
  /** Stores the progress of a request if its position is still `from`. @returns whether it was stored */
  advance(revocationId: string, from: string | undefined, progress: RevocationProgress): Promise<boolean>;
}

/** Schedules the rest of a revocation that one call cannot finish. */
export interface Continuations {
  /** Schedules another call. @param after the delay in seconds; a longer delay than possible is shortened */
  schedule(revocationId: string, after: number): Promise<void>;
}
