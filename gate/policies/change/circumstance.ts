import type { Caller } from '@tvm/core/identity/caller.ts';
import type { DecisionContext } from '@tvm/core/policy/authorization-request.ts';

/** One way in which something can be asked for, but for the lifetime. */
export interface Circumstance {
  context: Omit<DecisionContext, 'lifetime'>;
  /** What only the request says of the workload. */
  caller: Pick<Caller, 'session' | 'organization'>;
  fields: string[] | undefined;
  /** In words: what of it is not as in every other. */
  title: string;
}

/** One choice of a dimension of circumstances: what it sets, and in words. */
export interface Choice {
  title: string;
  set(circumstance: Circumstance): void;
}

/** The choice of a dimension in which nothing is to be chosen. */
export const NOTHING_SPECIAL: Choice = { title: '', set: () => {} };

/** What nobody names. */
export const OTHER = '~any-other';

/** An address that no network of anybody holds. */
export const OUTSIDE = '192.0.2.1';

/** Tells whether policies read an attribute, by its name. */
export type Reads = (...names: string[]) => boolean;
