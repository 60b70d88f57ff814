import { tokenWatch } from '@tvm/cli/tokens/watch.ts';
import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';
import { describe, expect, it } from 'vitest';

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;

const listed = (token_id: string, state: TokenState, age: number) =>
  ({ token_id, state, issued_at: new Date(NOW - age * MINUTE).toISOString() }) as ListedToken;
const told = (tokens: ListedToken[]) => tokens.map(({ token_id, state }) => `${token_id} ${state}`);

describe('a watch', () => {
  it('reports each token and each change once, the oldest first', () => {
    const watch = tokenWatch(NOW - 60 * MINUTE);
    const [young, old] = [listed('b', 'active', 1), listed('a', 'active', 2)];
    expect(told(watch.news([young, old], NOW))).toEqual(['a active', 'b active']);
    expect(told(watch.news([young, old], NOW))).toEqual([]);
    const revoked = listed('a', 'revoked', 2);
    expect(told(watch.news([young, revoked], NOW))).toEqual(['a revoked']);
    expect(told(watch.news([young, revoked], NOW))).toEqual([]);
  });

  it('follows tokens that are first seen in a state, also into other states', () => {
    const watch = tokenWatch(NOW - 60 * MINUTE, 'active');
    expect(told(watch.news([listed('b', 'denied', 1), listed('a', 'active', 1)], NOW))).toEqual(['a active']);
    expect(told(watch.news([listed('b', 'denied', 1), listed('a', 'expired', 1)], NOW))).toEqual(['a expired']);
  });

  it('lists from the oldest active token, at least two minutes back, but never from before its start', () => {
    const watch = tokenWatch(NOW - 60 * MINUTE);
    watch.news([listed('b', 'denied', 50), listed('a', 'active', 30)], NOW);
    expect(watch.since(NOW)).toBe(NOW - 30 * MINUTE - 1);
    watch.news([listed('a', 'revoked', 30)], NOW);
    expect(watch.since(NOW)).toBe(NOW - 2 * MINUTE);
    expect(tokenWatch(NOW - MINUTE).since(NOW)).toBe(NOW - MINUTE);
  });

  it('lists from its start at first', () => {
    const watch = tokenWatch(NOW - 60 * MINUTE);
    expect(watch.since(NOW)).toBe(NOW - 60 * MINUTE);
    watch.news([], NOW);
    expect(watch.since(NOW)).toBe(NOW - 2 * MINUTE);
  });

  it('forgets inactive tokens that are no longer listed', () => {
    const watch = tokenWatch(NOW - 60 * MINUTE);
    const denied = listed('a', 'denied', 0);
    watch.news([denied], NOW);
    expect(watch.news([denied], NOW + 11 * MINUTE)).toEqual([]);
    watch.news([], NOW + 13 * MINUTE);
    expect(watch.news([denied], NOW + 13 * MINUTE)).toEqual([denied]);
  });
});
