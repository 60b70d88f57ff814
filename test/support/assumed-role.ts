import type { Credentials } from '@tvm/api/signature.ts';
import { inject } from 'vitest';
import { workloadRole as madeRole } from '#scripts/local/assumed-role.ts';

const { target, outputs } = inject('deployed');

/**
 * Creates an IAM role for workloads, unless it exists.
 *
 * @returns a function from a session name to the credentials of that session, as AWS gives them to a task, an instance
 * or a function
 */
export async function workloadRole(
  roleName: string,
): Promise<(session: string) => Promise<Credentials & { region: string }>> {
  const session = await madeRole(target, outputs.WorkloadPolicyArn, roleName);
  return async (name) => ({ ...(await session(name)), region: target.region });
}
