import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';

/** The window that is listed again for late entries, in milliseconds: the index lags behind issuing by a few seconds. */
const LATE = 2 * 60_000;

/** The additional time for which inactive tokens are kept, in milliseconds, so that they are not reported twice. */
const RETENTION = 10 * 60_000;

/** The state of a watch. */
export interface TokenWatch {
  /** The time to list from next, in milliseconds: tokens issued or denied later. */
  since(now: number): number;
  /** Records a list of tokens. @returns the tokens that are new or have changed their state, the oldest first */
  news(listed: readonly ListedToken[], now: number): ListedToken[];
}

/**
 * Creates a watch, which reports each token once when it is first seen and again whenever its state changes.
 *
 * @param start the earliest time of issue or denial of the tokens to follow, in milliseconds
 * @param state the state that a token must have when it is first seen; absent: any state
 */
export function tokenWatch(start: number, state?: TokenState): TokenWatch {
  const reported = new Map<string, { state: TokenState; issuedAt: number }>();
  let looked = false;
  return {
    since(now) {
      if (!looked) return start;
      const open = [...reported.values()].filter((one) => one.state === 'active').map(({ issuedAt }) => issuedAt - 1);
      // A spread could overflow the stack: there may be very many tokens.
      return Math.max(
        start,
        open.reduce((oldest, issuedAt) => Math.min(oldest, issuedAt), now - LATE),
      );
    },

    news(listed, now) {
      looked = true;
      const changed = listed.filter((token) => {
        const before = reported.get(token.token_id)?.state;
        return before === undefined ? state === undefined || token.state === state : before !== token.state;
      });
      for (const { token_id, state, issued_at } of changed) {
        reported.set(token_id, { state, issuedAt: Date.parse(issued_at) });
      }
      for (const [id, { state, issuedAt }] of reported) {
        if (state !== 'active' && issuedAt < now - LATE - RETENTION) reported.delete(id);
      }
      return changed.toReversed();
    },
  };
}
