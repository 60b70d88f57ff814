import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AgentUser } from './agent-user.ts';

const BITS = { read: 4, write: 2, execute: 1 } as const;
export type Right = keyof typeof BITS;

/**
 * Returns why a user lacks access to a file or folder, by its mode and the modes of its parent folders
 * (path_resolution(7)). Does not evaluate access control lists.
 *
 * @returns a clause whose subject is the path, or undefined if the user has access
 */
export async function accessFault(
  path: string,
  rights: readonly Right[],
  user: AgentUser,
): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    for (let folder = dirname(real); ; folder = dirname(folder)) {
      if (!may(await stat(folder), ['execute'], user))
        return `is inaccessible to user ${user.name}, who cannot enter ${folder}`;
      if (folder === dirname(folder)) break;
    }
    const stats = await stat(real);
    if (may(stats, rights, user)) return undefined;
    return `cannot be ${done(rights, stats.isDirectory())} by user ${user.name}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
    return `cannot be checked (${code}); run the check as root or as user ${user.name}`;
  }
}

function may(stats: Stats, rights: readonly Right[], user: AgentUser): boolean {
  const wanted = rights.reduce((bits, right) => bits | BITS[right], 0);
  // Root may read, write and enter everything, but may run a file only if it has an execute bit.
  if (user.uid === 0) return stats.isDirectory() || (wanted & BITS.execute) === 0 || (stats.mode & 0o111) !== 0;
  const shift = stats.uid === user.uid ? 6 : user.groups.includes(stats.gid) ? 3 : 0;
  return ((stats.mode >> shift) & wanted) === wanted;
}

function done(rights: readonly Right[], isFolder: boolean): string {
  const words = { read: 'read', write: isFolder ? 'written in' : 'written', execute: isFolder ? 'entered' : 'run' };
  return rights.map((right) => words[right]).join(' and ');
}
