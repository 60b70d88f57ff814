import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { groupId, userId } from '../files/accounts.ts';
import { type Capability, hasCapability } from './capabilities.ts';
import type { ServiceUnit } from './service-unit.ts';

/** Whoever the agent will run as. */
export interface AgentUser {
  /** For people: the name that the unit has for it, or the number of this process's user. */
  name: string;
  uid: number;
  /** Its own group first. */
  groups: number[];
  can(capability: Capability): boolean;
}

/** A user of no machine: systemd makes one up for DynamicUser=, so that nothing is known to be its. */
const UNKNOWN = -1;

/** The user of a unit; without a unit, that of this process. Nothing when there is no such user or group. */
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

/** Words for install(1) that give a file to the agent's user, where that is another one. */
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
