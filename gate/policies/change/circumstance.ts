import type { Claims } from '@tvm/contract/claims.ts';
import type { AwsCaller, Caller } from '@tvm/core/identity/caller.ts';
import type { DecisionContext } from '@tvm/core/policy/authorization-request.ts';

/** The context of a request, except for the lifetime. */
export interface Circumstance {
  context: Omit<DecisionContext, 'lifetime'>;
  /** Attributes of the workload that only the request contains: of an AWS caller, or claims of a federated workload. */
  caller: Pick<AwsCaller, 'session' | 'organization'> & {
    /** The claims that differ from those of the known workload; `undefined` for a claim that its proof lacks. */
    claims?: Record<string, Claims[string] | undefined>;
  };
  fields: string[] | undefined;
  /** The differences from other circumstances, as text. */
  title: string;
}

/** Returns a workload with those attributes of a circumstance that a workload of its kind can have. */
export function callerIn(caller: Caller, { caller: { claims, ...ofAws } }: Pick<Circumstance, 'caller'>): Caller {
  if (caller.kind !== 'federated') return { ...caller, ...ofAws };
  const present = Object.entries({ ...caller.claims, ...claims }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return { ...caller, claims: Object.fromEntries(present) };
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
