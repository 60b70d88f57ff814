import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { groupId, userId } from '../files/accounts.ts';
import { type Capability, hasCapability } from './capabilities.ts';
import type { ServiceUnit } from './service-unit.ts';

/** The user that the agent runs as. */
export interface AgentUser {
  /** For messages: the user's name in the unit, or the numeric id of this process's user. */
  name: string;
  uid: number;
  /** The numeric ids of its groups, the primary group first. */
  groups: number[];
  can(capability: Capability): boolean;
}

/** The id for DynamicUser=. systemd allocates the user at start, so no existing file is known to belong to it. */
const UNKNOWN = -1;

/** Returns the user of a unit, or without a unit, of this process. Undefined if a user or group does not exist. */
export async function agentUser(unit: ServiceUnit | undefined): Promise<AgentUser | undefined> {
  if (unit === undefined) return ownUser();
  const name = unit.last('User') ?? 'root';
  const uid = unit.isOn('DynamicUser') ? UNKNOWN : await userId(name);
  const supplementary = await Promise.all(unit.words('SupplementaryGroups').map(groupId));
  const main = unit.last('Group');
  const own = main === undefined ? [] : [await groupId(main)];
  const groups = [...own, ...(await groupsOf(name)), ...supplementary];
  if (uid === undefined || groups.includes(undefined)) return undefined;
  const numbers = groups.filter((group) => group !== undefined);
  return { name, uid, groups: numbers, can: (capability) => hasCapability(unit, uid === 0, capability) };
}

function ownUser(): AgentUser {
  const uid = process.geteuid?.() ?? 0;
  const groups = [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  return { name: `${uid}`, uid, groups, can: () => uid === 0 };
}

/** Returns the install(1) option that makes the agent's user the owner, if it is a different user. */
export function asOwner({ name, uid }: AgentUser): string {
  return uid === process.geteuid?.() ? '' : ` -o ${name}`;
}

async function groupsOf(user: string): Promise<number[]> {
  try {
    const { stdout } = await promisify(execFile)('id', ['-G', '--', user], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      timeout: 5_000,
    });
    return stdout.trim().split(/\s+/).map(Number);
  } catch {
    return [];
  }
}
