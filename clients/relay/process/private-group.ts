import { readFile } from 'node:fs/promises';

/** The first number of a person; smaller ones are of services, whose groups units lend to others (login.defs(5), UID_MIN). */
const FIRST_PERSON = 1_000;

/** The accounts of a machine: the lines of passwd(5) and group(5). */
export interface AccountFiles {
  passwd: string;
  group: string;
}

/**
 * The group that a person is alone in: it has the person's name, nobody else as a member, and is nobody else's own group.
 * Many distributions give everybody one, and the umask 002 with it, so that "writable by group" says nothing there
 * (login.defs(5), USERGROUPS_ENAB).
 *
 * @param uid the number of a user
 * @returns the group's number; nothing where there is no such group, or it cannot be told
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
