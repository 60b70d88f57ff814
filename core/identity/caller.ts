import type { Claims } from '@tvm/contract/claims.ts';
import { type FederatedSubject, parseSubject, parseWorkloadArn, type WorkloadArn } from '@tvm/contract/subject.ts';

/** An IAM role or user that AWS authenticated. The caller chooses the name of its role session. */
export interface AwsCaller extends WorkloadArn {
  /** The AWS organization of the caller's account, if the gateway states it. */
  organization?: string;
}

/** A workload of another issuer, whose proof matched a trust entry. */
export interface FederatedCaller extends FederatedSubject {
  /** The claims that the issuer vouches for. They are kept apart from the attributes that the operator writes. */
  claims: Claims;
  /** The claims that the caller chose, such as the name of a branch. They are recorded, and decide nothing. */
  chosenClaims?: Claims;
  /** The running workload, such as a pod or a run. Like the name of a role session, it must never widen a decision. */
  session?: string;
}

/** A verified principal: an AWS identity, or a federated workload. */
export type Caller = AwsCaller | FederatedCaller;

/** The caller as the gateway or a trust entry authenticated it. */
export type Identity =
  | {
      /** The caller's ARN, as the gateway states it. */
      userArn: string;
      /** The caller's AWS account. */
      account: string;
      /** The AWS organization of that account, if the gateway states it. */
      organization?: string;
    }
  | { federated: FederatedCaller };

/** Returns the verified principal of a request, or `undefined` for an identity that {@link parseCaller} does not support. */
export function callerOf(identity: Identity): Caller | undefined {
  return 'federated' in identity ? identity.federated : parseCaller(identity.userArn, identity.organization);
}

/**
 * Reads the identity that API Gateway authenticated (`requestContext.identity.userArn`).
 *
 * @param organization the AWS organization of the caller's account, as the gateway states it
 * @returns the caller, or `undefined` for an unsupported identity: the root user, a user that AWS federated, whose name the
 *   caller chooses, or a role without a session, which cannot sign requests
 */
export function parseCaller(userArn: string, organization?: string): AwsCaller | undefined {
  const workload = parseWorkloadArn(userArn);
  if (workload === undefined || (workload.kind === 'role' && workload.session === undefined)) return undefined;
  return { ...workload, ...(organization !== undefined && { organization }) };
}

/**
 * Returns the workload with a subject as a caller, for a decision that nobody requested with it now: an explanation, a
 * recorded decision or a test case.
 *
 * @param known what the subject does not tell. Only an AWS caller has an organization, only a federated one has claims
 * @returns `undefined` if the text names no workload
 */
export function namedCaller(
  subject: string,
  known: { session?: string | undefined; organization?: string | undefined; claims?: Claims | undefined } = {},
): Caller | undefined {
  const { session, organization, claims = {} } = known;
  const workload = parseSubject(subject);
  if (workload === undefined) return undefined;
  const instance = session === undefined ? {} : { session };
  if (workload.kind === 'federated') return { ...workload, ...instance, claims };
  return { ...workload, ...instance, ...(organization !== undefined && { organization }) };
}
