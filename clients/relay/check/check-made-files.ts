import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { groupId, userId } from '../files/accounts.ts';
import { unsafeReason } from '../files/safe-folder.ts';
import { asOwner } from './agent-user.ts';
import type { Checked } from './checked.ts';
import { error, type Finding } from './finding.ts';
import { type MadeFile, madeFiles } from './made-files.ts';
import { accessFault } from './may-access.ts';
import { madeFolders, unitAccess } from './unit-paths.ts';

/** Checks that the agent can create each file and socket safely, with the configured owner and group. */
export async function checkMadeFiles(checked: Checked): Promise<Finding[]> {
  const findings = await Promise.all(
    madeFiles(checked.configuration).map(async (file) => [
      ...(await checkFolder(file, checked)),
      ...checkSandbox(file, checked),
      ...(await checkOwner(file, checked)),
      ...(await checkGroup(file, checked)),
    ]),
  );
  return findings.flat();
}

async function checkFolder({ area, key, path }: MadeFile, { user, unit }: Checked): Promise<Finding[]> {
  const folder = dirname(path);
  // systemd creates this folder at the start, owned by the agent's user.
  if (unit && madeFolders(unit).includes(folder.replace(/^\/var\/run(?=\/|$)/, '/run'))) return [];
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    const fault = await accessFault(folder, [], user);
    if (fault !== undefined) return [error(area, `${key}: ${folder} ${fault}`, helpWith(folder, asOwner(user)))];
  }
  const reason = await unsafeReason(folder, user.uid);
  if (reason !== undefined) return [error(area, `${key}: ${reason}`, `use a folder in which only the agent can write`)];
  const fault = await accessFault(folder, ['execute', 'write'], user);
  return fault === undefined ? [] : [error(area, `${key}: ${folder} ${fault}`, `chown ${user.name} ${folder}`)];
}

function helpWith(folder: string, user: string): string {
  const [, name] = /^(?:\/var)?\/run\/([^/]+)$/.exec(folder) ?? [];
  const made = `install -d -m 0755${user} ${folder}`;
  return name === undefined
    ? made
    : `RuntimeDirectory=${name} in the unit, since /run is empty after each boot; or ${made}`;
}

function checkSandbox({ area, key, path }: MadeFile, { unit }: Checked): Finding[] {
  if (unit === undefined) return [];
  const access = unitAccess(unit, path);
  const folder = dirname(path);
  if (access === 'writable') return [];
  if (access === 'private') {
    const sentence = `${key}: ${folder} is private to the unit, so no other program can see ${path}`;
    return [error(area, sentence, 'use another folder, such as /run/tokenrelay')];
  }
  const sentence = `${key}: the unit does not let the agent write in ${folder} (${access})`;
  return [error(area, sentence, `ReadWritePaths=${folder} in the unit`)];
}

async function checkOwner({ area, key, owner }: MadeFile, { user }: Checked): Promise<Finding[]> {
  if (owner === undefined) return [];
  const uid = await userId(owner);
  if (uid === undefined) return [error(area, `${key}.owner: there is no user ${owner} on this machine`)];
  if (uid === user.uid || user.can('CAP_CHOWN')) return [];
  const sentence = `${key}.owner: user ${user.name} cannot give a file to ${owner} without CAP_CHOWN`;
  return [error(area, sentence, `${addCapability('CAP_CHOWN')}; or remove owner and set a group`)];
}

async function checkGroup({ area, key, group }: MadeFile, { user }: Checked): Promise<Finding[]> {
  if (group === undefined) return [];
  const gid = await groupId(group);
  if (gid === undefined) return [error(area, `${key}.group: there is no group ${group} on this machine`)];
  if (user.groups.includes(gid) || user.can('CAP_CHOWN')) return [];
  const sentence = `${key}.group: user ${user.name} is not in the group ${group} and lacks CAP_CHOWN`;
  return [error(area, sentence, `SupplementaryGroups=${group} in the unit`)];
}

/** Returns the unit settings that add a capability. */
export function addCapability(capability: string): string {
  return `AmbientCapabilities=${capability} and CapabilityBoundingSet=${capability} in the unit`;
}
