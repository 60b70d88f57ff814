import type { Claims } from '@tvm/contract/claims.ts';
import type { FederatedSubject } from '@tvm/contract/subject.ts';
import type { Caller } from './caller.ts';

/** Attributes that an operator gives to a workload or a resource. */
export type Attributes = Record<string, string | number | boolean | string[]>;

/** A workload: a verified caller, or one that a file names. */
export type Workload = Caller | FederatedSubject;

/** The attributes of a workload by the party that vouches for them. */
export interface AttributesBySource {
  /** Written by the operator, in `workloads.yaml`. */
  operator: Attributes;
  /** Vouched for by AWS. A federated workload has neither an account nor a name there: both are empty. */
  aws: Attributes;
  /** Vouched for by the issuer. Only a federated caller has claims. */
  claims?: Claims;
  /** Chosen by the caller: they fill no template and must widen no grant. */
  chosen: Attributes;
}

/** The attributes of a principal in Cedar. */
export type PrincipalAttributes = Record<string, Attributes[string] | Claims>;

/** Returns the attributes of a workload by their source. @param workloads the attributes of `workloads.yaml`, by subject */
export function attributesBySource(
  { workloads }: { workloads: Readonly<Record<string, Attributes>> },
  workload: Workload,
): AttributesBySource {
  const { kind, subject } = workload;
  const operator = (Object.hasOwn(workloads, subject) ? workloads[subject] : undefined) ?? {};
  if (kind === 'federated') {
    const claims = 'claims' in workload ? { claims: workload.claims } : {};
    return { operator, aws: { account: '', kind, name: '' }, ...claims, chosen: {} };
  }
  const { account, name, session, organization } = workload;
  return {
    operator,
    aws: { account, kind, name, ...(organization !== undefined && { organization }) },
    chosen: session === undefined ? {} : { session },
  };
}
