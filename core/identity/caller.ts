import { parseWorkloadArn, type WorkloadArn } from '@tvm/contract/subject.ts';

/**
 * Who asks: an IAM role or user, as AWS authenticated it. A role's session is named by the caller: never a ground for a
 * decision that widens.
 */
export interface Caller extends WorkloadArn {
  /** The AWS organization of its account, where the gateway states it. */
  organization?: string;
}

/**
 * Reads the identity that API Gateway authenticated (`requestContext.identity.userArn`).
 *
 * @param organization of its account, as the gateway states it
 * @returns the caller; `undefined` for identities the machine does not serve: the root user and federated users,
 *   whose name is the caller's own choice, and a role without a session, which nobody can sign as
 */
export function parseCaller(userArn: string, organization?: string): Caller | undefined {
  const workload = parseWorkloadArn(userArn);
  if (workload === undefined || (workload.kind === 'role' && workload.session === undefined)) return undefined;
  return { ...workload, ...(organization !== undefined && { organization }) };
}
