import type { TokenStatus } from 'tokenrelay/model/status.ts';

/** Returns the status of a healthy token, with the given changes. */
export function aStatus(name: string, other: Partial<TokenStatus> = {}): TokenStatus {
  return {
    name,
    type: 'exec',
    state: 'fresh',
    failures: 0,
    fetches: { succeeded: 1, failed: 0 },
    outputs: [],
    ...other,
  };
}
