import type { StatusLists } from '@tvm/core/status-lists/ports.ts';
import type { StatusList } from '@tvm/core/status-lists/published-status-list.ts';

/** Status lists in memory. `states` shows them; `current` is the list that new indexes are allocated from. */
export function inMemoryStatusLists(current = 0): StatusLists & { states: Map<number, StatusList>; current: number } {
  const states = new Map<number, StatusList>();
  let oldest = 1;
  return {
    states,
    current,
    async span() {
      return { oldest, current: this.current };
    },
    async get(list) {
      return states.get(list);
    },
    async published(list) {
      const state = states.get(list);
      return state && { token: state.token, etag: state.etag, expiresAt: state.expiresAt };
    },
    async put(list) {
      if ((states.get(list.list)?.version ?? 0) !== list.version - 1) return false;
      states.set(list.list, list);
      return true;
    },
    async retire(list) {
      oldest = Math.max(oldest, list + 1);
    },
  };
}
