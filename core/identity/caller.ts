import { parseWorkloadArn, type WorkloadArn } from '@tvm/contract/subject.ts';

/**
 * The caller: an IAM role or user that AWS authenticated. The caller chooses the name of a role session, so a session
 * name must never widen a decision.
 */
export interface Caller extends WorkloadArn {
  /** The AWS organization of the caller's account, if the gateway states it. */
  organization?: string;
}

/**
 * Reads the identity that API Gateway authenticated (`requestContext.identity.userArn`).
 *
 * @param organization the AWS organization of the caller's account, as the gateway states it
 * @returns the caller, or `undefined` for an unsupported identity: the root user, a federated user, whose name the
 *   caller chooses, or a role without a session, which cannot sign requests
 */
export function parseCaller(userArn: string, organization?: string): Caller | undefined {
  const workload = parseWorkloadArn(userArn);
  if (workload === undefined || (workload.kind === 'role' && workload.session === undefined)) return undefined;
  return { ...workload, ...(organization !== undefined && { organization }) };
}
