/**
 * The state of a token: `waiting` for its first fetch; `fresh`; `retrying` after a failed fetch or a failed write of an
 * output, while the last token is still valid, or while the source returns it after its expiry; `stale` if it has no
 * expiry and its renewal is long overdue; `expired`; or `revoked` by its issuer.
 */
export type TokenState = 'waiting' | 'fresh' | 'retrying' | 'stale' | 'expired' | 'revoked';

/** The status of an output. */
export interface OutputStatus {
  /** Such as `file /run/tokenrelay/token.json`. */
  name: string;
  /** What is wrong with the output, as a clause without a subject. Absent if nothing is wrong. */
  problem?: string;
}

/** The status of one token. Contains no secret. Times are in milliseconds since the epoch. */
export interface TokenStatus {
  name: string;
  /** The type of its source, as in the configuration. */
  type: string;
  state: TokenState;
  fetchedAt?: number;
  expiresAt?: number;
  nextFetchAt?: number;
  /** Failed fetches since the last successful one. */
  failures: number;
  /** All fetches since the agent started. */
  fetches: { succeeded: number; failed: number };
  /** Why the last fetch or write failed. Absent after the next success. */
  lastError?: string;
  outputs: OutputStatus[];
}

/** Reports whether a token is usable and each of its outputs is right. */
export function isHealthy({ state, outputs }: TokenStatus): boolean {
  return (state === 'fresh' || state === 'retrying') && outputs.every(({ problem }) => problem === undefined);
}
