import type { Credentials } from '@tvm/api/signature.ts';
import { inject } from 'vitest';
import { workloadRole as madeRole } from '#scripts/local/assumed-role.ts';

const { target, outputs } = inject('deployed');

/**
 * Makes a role of workloads, or finds it made.
 *
 * @returns gives credentials of a session of it, by the session's name, as AWS does for a task, an instance or a function
 */
export async function workloadRole(
  roleName: string,
): Promise<(session: string) => Promise<Credentials & { region: string }>> {
  const session = await madeRole(target, outputs.WorkloadPolicyArn, roleName);
  return async (name) => ({ ...(await session(name)), region: target.region });
}
