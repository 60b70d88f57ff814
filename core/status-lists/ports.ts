import type { StatusReference } from '../records/token-record.ts';
import type { PublishedStatusList, StatusList } from './published-status-list.ts';

/** Hands out places in the status lists, each once. */
export interface StatusIndexes {
  /** As a rule without a call: places are leased in blocks. */
  take(): Promise<StatusReference>;
}

/** The status lists, published and to be published. Strongly consistent. */
export interface StatusLists {
  /** The first list that is not retired, and the last that places are handed out of; 0 before the first was. */
  span(): Promise<{ oldest: number; current: number }>;
  get(list: number): Promise<StatusList | undefined>;
  /** The same, without what it is made of. */
  published(list: number): Promise<PublishedStatusList | undefined>;
  /** Stores the version after the one that is there, or the first. @returns whether it did: nobody else came before */
  put(list: StatusList): Promise<boolean>;
  /** Notes that all tokens of this list, and of those before it, are over. */
  retire(list: number): Promise<void>;
}
