import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from './file-fault.ts';

/** As many links as Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/** Where a path leads, told apart from every other folder by `dev` and `ino`; or why it is not safe to write there. */
export type Walk = { real: string; dev: bigint; ino: bigint } | { reason: string; missing: boolean };

/**
 * Why files must not be written in a folder: another user could put something else in their place.
 *
 * Every folder on the way, before and after each link, must belong to root or to this user and let nobody else write; a
 * folder above it may do so where it is sticky, as /tmp is. Links must belong to root or to this user.
 *
 * @param folder an absolute path
 * @param uid the number of the user who writes
 * @param group the number of a group that nobody else is in, if that is known
 * @returns a sentence; nothing when the folder is safe
 */
export async function unsafeReason(folder: string, uid: number, group?: number): Promise<string | undefined> {
  const walk = await walkTo(folder, uid, group);
  return 'reason' in walk ? walk.reason : undefined;
}

/** Follows a path as the kernel does, one name at a time, and looks at all that could lead it astray. */
export async function walkTo(folder: string, uid: number, group?: number): Promise<Walk> {
  const ahead = folder.split('/').filter(Boolean);
  let links = 0;
  let at = '/';
  try {
    for (;;) {
      const { dev, ino, mode, uid: owner, gid } = await lstat(at, { bigint: true });
      const others = Number(gid) === group ? 0o002 : 0o022;
      const reason = folderFault(at, { mode: Number(mode), owner: Number(owner), others }, uid, ahead.length === 0);
      if (reason !== undefined) return { reason, missing: false };
      const name = ahead.shift();
      if (name === undefined) return { real: at, dev, ino };
      if (name === '.') continue;
      if (name === '..') {
        at = dirname(at);
        continue;
      }
      const next = join(at, name);
      const entry = await lstat(next);
      if (!entry.isSymbolicLink()) {
        at = next;
        continue;
      }
      if (!isTrusted(entry.uid, uid)) {
        return { reason: `${next} is a link that belongs to user ${entry.uid}`, missing: false };
      }
      links += 1;
      if (links > MOST_LINKS) return { reason: `${folder} leads through too many links`, missing: false };
      const target = await readlink(next);
      if (target.startsWith('/')) at = '/';
      ahead.unshift(...target.split('/').filter(Boolean));
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return { reason: `${folder} is missing`, missing: true };
    return { reason: `${folder} cannot be looked at (${code ?? 'unknown'})`, missing: false };
  }
}

/** @param folder.others the bits of a mode by which others than its owner write */
function folderFault(
  path: string,
  { mode, owner, others }: { mode: number; owner: number; others: number },
  uid: number,
  isLast: boolean,
): string | undefined {
  if ((mode & 0o170000) !== 0o040000) return `${path} is no folder`;
  if (!isTrusted(owner, uid)) return `${path} belongs to user ${owner}, who could put another file there`;
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & others) === 0 || (isSticky && !isLast)) return undefined;
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0');
  return `other users may write in ${path}: its mode is ${permissions}, and it must not be writable by group or others (chmod go-w)`;
}

function isTrusted(owner: number, uid: number): boolean {
  return owner === 0 || owner === uid;
}
