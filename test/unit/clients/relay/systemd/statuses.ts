import type { TokenStatus } from 'tokenrelay/model/status.ts';

/** The status of a token that is as it should be, unless said otherwise. */
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
