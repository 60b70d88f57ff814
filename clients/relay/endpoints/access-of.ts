import { groupId, userId } from '../files/accounts.ts';
import type { Access } from '../files/atomic-file.ts';
import { EndpointFailure } from './endpoint-failure.ts';

/** The configured mode, owner and group of a file or socket. */
export interface AccessSettings {
  permissions?: number | undefined;
  owner?: string | number | undefined;
  group?: string | number | undefined;
}

/** Returns the numeric id of this process's user. */
export function ownUser(): number {
  return process.geteuid?.() ?? 0;
}

/**
 * Resolves the mode, owner and group of a file or socket. Defaults: mode 0600, and the agent's user and group.
 *
 * @param place the name of the file or socket, for messages
 * @throws {EndpointFailure} if the user or group does not exist
 */
export async function accessOf(settings: AccessSettings, place: string): Promise<Access> {
  const { permissions = 0o600, owner = ownUser(), group = process.getegid?.() ?? 0 } = settings;
  const uid = await userId(owner);
  if (uid === undefined) throw new EndpointFailure(`${place}: there is no user ${owner} on this machine`);
  const gid = await groupId(group);
  if (gid === undefined) throw new EndpointFailure(`${place}: there is no group ${group} on this machine`);
  return { mode: permissions, uid, gid };
}
