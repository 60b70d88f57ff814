import type { StatusReference } from '../records/token-record.ts';
import type { PublishedStatusList, StatusList } from './published-status-list.ts';

/** Allocates indexes in the status lists. Each index is allocated once. */
export interface StatusIndexes {
  /** Allocates an index. Usually makes no call, because indexes are leased in blocks. */
  take(): Promise<StatusReference>;
}

/** Stores the status lists. All reads are strongly consistent. */
export interface StatusLists {
  /**
   * Returns the first list that is not retired, and the list that indexes are allocated in (0 before the first index).
   */
  span(): Promise<{ oldest: number; current: number }>;
  get(list: number): Promise<StatusList | undefined>;
  /** Reads only the published part of a list. */
  published(list: number): Promise<PublishedStatusList | undefined>;
  /** Stores the first or the next version of a list. @returns `false` if another writer stored that version before */
  put(list: StatusList): Promise<boolean>;
  /** Retires this list and all earlier lists, whose tokens have all expired. */
  retire(list: number): Promise<void>;
}
