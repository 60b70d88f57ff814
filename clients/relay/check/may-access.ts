import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AgentUser } from './agent-user.ts';

const BITS = { read: 4, write: 2, execute: 1 } as const;
export type Right = keyof typeof BITS;

/**
 * Why a user may not do something with a file or folder, by the modes on the way to it (path_resolution(7)). Access
 * lists beyond the modes are not looked at.
 *
 * @returns the end of a sentence that begins with the path; nothing when the user may
 */
export async function accessFault(
  path: string,
  rights: readonly Right[],
  user: AgentUser,
): Promise<string | undefined> {
  try {
    const real = await realpath(path);
    for (let folder = dirname(real); ; folder = dirname(folder)) {
      if (!may(await stat(folder), ['execute'], user)) return `is out of reach for user ${user.name}, as ${folder} is`;
      if (folder === dirname(folder)) break;
    }
    const stats = await stat(real);
    if (may(stats, rights, user)) return undefined;
    return `may not be ${done(rights, stats.isDirectory())} by user ${user.name}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'is not there';
    return `cannot be looked at (${code}); run the check as root, or as user ${user.name}`;
  }
}

function may(stats: Stats, rights: readonly Right[], user: AgentUser): boolean {
  const wanted = rights.reduce((bits, right) => bits | BITS[right], 0);
  // Root reads, writes and enters all, but runs only what somebody may run.
  if (user.uid === 0) return stats.isDirectory() || (wanted & BITS.execute) === 0 || (stats.mode & 0o111) !== 0;
  const shift = stats.uid === user.uid ? 6 : user.groups.includes(stats.gid) ? 3 : 0;
  return ((stats.mode >> shift) & wanted) === wanted;
}

function done(rights: readonly Right[], isFolder: boolean): string {
  const words = { read: 'read', write: isFolder ? 'written in' : 'written', execute: isFolder ? 'entered' : 'run' };
  return rights.map((right) => words[right]).join(' and ');
}
