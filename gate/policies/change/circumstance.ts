import type { Caller } from '@tvm/core/identity/caller.ts';
import type { DecisionContext } from '@tvm/core/policy/authorization-request.ts';

/** The context of a request, except for the lifetime. */
export interface Circumstance {
  context: Omit<DecisionContext, 'lifetime'>;
  /** Attributes of the workload that only the request contains. */
  caller: Pick<Caller, 'session' | 'organization'>;
  fields: string[] | undefined;
  /** The differences from other circumstances, as text. */
  title: string;
}

/** One value of a dimension of circumstances. */
export interface Choice {
  title: string;
  set(circumstance: Circumstance): void;
}

/** The choice of a dimension that has only one value. */
export const NOTHING_SPECIAL: Choice = { title: '', set: () => {} };

/** A value that no policy names. */
export const OTHER = '~any-other';

/** An address that no network contains, because it is reserved for documentation. */
export const OUTSIDE = '192.0.2.1';

/** Reports whether policies read one of the attributes. */
export type Reads = (...names: string[]) => boolean;
