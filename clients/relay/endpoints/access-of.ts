import { groupId, userId } from '../files/accounts.ts';
import type { Access } from '../files/atomic-file.ts';
import { EndpointFailure } from './endpoint-failure.ts';

/** Who may do what, as the configuration has it. */
export interface AccessSettings {
  permissions?: number | undefined;
  owner?: string | number | undefined;
  group?: string | number | undefined;
}

/** The user of this process. */
export function ownUser(): number {
  return process.geteuid?.() ?? 0;
}

/**
 * The numbers that a file or a socket gets; the agent's own, and mode 0600, where nothing is said.
 *
 * @param place how sentences call it
 * @throws {EndpointFailure} when there is no such user or group
 */
export async function accessOf(settings: AccessSettings, place: string): Promise<Access> {
  const { permissions = 0o600, owner = ownUser(), group = process.getegid?.() ?? 0 } = settings;
  const uid = await userId(owner);
  if (uid === undefined) throw new EndpointFailure(`${place}: there is no user ${owner} on this machine`);
  const gid = await groupId(group);
  if (gid === undefined) throw new EndpointFailure(`${place}: there is no group ${group} on this machine`);
  return { mode: permissions, uid, gid };
}
