import { readFile } from 'node:fs/promises';

/** The lowest id of a regular user. Groups of service users may be shared by units (login.defs(5), UID_MIN). */
const FIRST_PERSON = 1_000;

/** The account files of a machine: passwd(5) and group(5). */
export interface AccountFiles {
  passwd: string;
  group: string;
}

/**
 * Returns a user's private group: it has the user's name, no other member, and is not another user's primary group.
 * Many distributions create such groups and use umask 002, so write permission for such a group is safe (login.defs(5),
 * USERGROUPS_ENAB).
 *
 * @param uid the numeric id of a user
 * @returns the group's numeric id, or undefined if there is no such group or it is unknown
 */
export async function privateGroup(uid: number, files?: AccountFiles): Promise<number | undefined> {
  if (uid < FIRST_PERSON) return undefined;
  const { passwd, group } = files ?? (await accountFiles());
  const users = entries(passwd).map(([name, , number, own]) => ({ name, uid: number, gid: own }));
  const user = users.find((one) => one.uid === String(uid));
  if (user === undefined || users.some((one) => one.gid === user.gid && one.name !== user.name)) return undefined;
  const groups = entries(group).filter(([, , number]) => number === user.gid);
  const isAlone = groups.every(([name, , , members = '']) => name === user.name && ['', user.name].includes(members));
  return groups.length === 1 && isAlone ? Number(user.gid) : undefined;
}

async function accountFiles(): Promise<AccountFiles> {
  const [passwd, group] = await Promise.all(
    ['/etc/passwd', '/etc/group'].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return { passwd: passwd ?? '', group: group ?? '' };
}

function entries(lines: string): string[][] {
  return lines
    .split('\n')
    .map((line) => line.split(':'))
    .filter(({ length }) => length >= 4);
}
