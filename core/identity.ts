import { parseWorkloadArn, type WorkloadArn } from '../contract/subject.ts';

/**
 * Who asks: an IAM role or user, as AWS authenticated it. A role's session is named by the caller: never a ground for a
 * decision that widens.
 */
export type Caller = WorkloadArn;

/**
 * Reads the identity that API Gateway authenticated (`requestContext.identity.userArn`).
 *
 * @returns the caller; `undefined` for identities the machine does not serve: the root user and federated users,
 *   whose name is the caller's own choice, and a role without a session, which nobody can sign as
 */
export function parseCaller(userArn: string): Caller | undefined {
  const workload = parseWorkloadArn(userArn);
  return workload?.kind === 'role' && workload.session === undefined ? undefined : workload;
}
