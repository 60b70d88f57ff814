import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';

/** How far back is looked again for what was listed late, in milliseconds: the index follows issuing within moments. */
const LATE = 2 * 60_000;

/** How long what has ended is remembered beyond that, so that it is not told twice. */
const REMEMBERED = 10 * 60_000;

/** What a watch has told of. */
export interface TokenWatch {
  /** What was vended or denied after this time is to be listed next (milliseconds). */
  since(now: number): number;
  /** Takes note of what is listed now. @returns what is new in it, or in another state than before; the oldest first */
  news(listed: readonly ListedToken[], now: number): ListedToken[];
}

/**
 * Follows tokens: tells each once when it is first seen, and again whenever its state has changed.
 *
 * @param start what was vended or denied before then is not followed (milliseconds)
 * @param state only what is first seen in this state is followed; absent: everything
 */
export function tokenWatch(start: number, state?: TokenState): TokenWatch {
  const told = new Map<string, { state: TokenState; issuedAt: number }>();
  let looked = false;
  return {
    since(now) {
      if (!looked) return start;
      const open = [...told.values()].filter((one) => one.state === 'active').map(({ issuedAt }) => issuedAt - 1);
      // Not by a spread: there may be very many.
      return Math.max(
        start,
        open.reduce((oldest, issuedAt) => Math.min(oldest, issuedAt), now - LATE),
      );
    },

    news(listed, now) {
      looked = true;
      const changed = listed.filter((token) => {
        const before = told.get(token.token_id)?.state;
        return before === undefined ? state === undefined || token.state === state : before !== token.state;
      });
      for (const { token_id, state, issued_at } of changed) {
        told.set(token_id, { state, issuedAt: Date.parse(issued_at) });
      }
      for (const [id, { state, issuedAt }] of told) {
        if (state !== 'active' && issuedAt < now - LATE - REMEMBERED) told.delete(id);
      }
      return changed.toReversed();
    },
  };
}
