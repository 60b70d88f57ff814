/**
 * How a token is: `waiting` for its first fetch, `fresh`, `retrying` after a failure while the last one still holds,
 * `stale` when it should have been replaced long ago and sets no end itself, `expired`, or `revoked` by its issuer.
 */
export type TokenState = 'waiting' | 'fresh' | 'retrying' | 'stale' | 'expired' | 'revoked';

/** How an output is: what readers find there now. */
export interface OutputStatus {
  /** Such as `file /run/tokenrelay/token.json`. */
  name: string;
  /** What is wrong with it, as a sentence's end; absent when it is right. */
  problem?: string;
}

/** How one token is. Nothing in it is secret. Times in milliseconds since the epoch. */
export interface TokenStatus {
  name: string;
  /** Of its source, as in the configuration. */
  type: string;
  state: TokenState;
  fetchedAt?: number;
  expiresAt?: number;
  nextFetchAt?: number;
  /** Fetches that failed since the last that did not. */
  failures: number;
  /** All since the agent started. */
  fetches: { succeeded: number; failed: number };
  /** Why the last fetch or the last output failed, while that still is so. */
  lastError?: string;
  outputs: OutputStatus[];
}

/** Whether a token and each of its outputs are as they should be, whatever the source says. */
export function isHealthy({ state, outputs }: TokenStatus): boolean {
  return (state === 'fresh' || state === 'retrying') && outputs.every(({ problem }) => problem === undefined);
}
