import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from './file-fault.ts';

/** The maximum number of links that Linux follows in one path (path_resolution(7)). */
const MOST_LINKS = 40;

/** The folder at a path, identified by `dev` and `ino`, or the reason why it is not safe to write there. */
export type Walk = { real: string; dev: bigint; ino: bigint } | { reason: string; missing: boolean };

/**
 * Returns why files must not be written in a folder: another user could replace them.
 *
 * Every folder on the path, before and after each link, must belong to root or to this user, and no other user may have
 * write access. Parent folders may be writable by others if they are sticky, such as /tmp. Links must belong to root or
 * to this user.
 *
 * @param folder an absolute path
 * @param uid the numeric id of the user who writes
 * @param group the numeric id of a group without other members, if known
 * @returns a sentence, or undefined if the folder is safe
 */
export async function unsafeReason(folder: string, uid: number, group?: number): Promise<string | undefined> {
  const walk = await walkTo(folder, uid, group);
  return 'reason' in walk ? walk.reason : undefined;
}

/** Resolves a path like the kernel, one name at a time, and checks each folder and link on the way. */
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
    return { reason: `${folder} cannot be checked (${code ?? 'unknown'})`, missing: false };
  }
}

/** @param folder.others the mode bits that give write access to other users than the owner */
function folderFault(
  path: string,
  { mode, owner, others }: { mode: number; owner: number; others: number },
  uid: number,
  isLast: boolean,
): string | undefined {
  if ((mode & 0o170000) !== 0o040000) return `${path} is not a folder`;
  if (!isTrusted(owner, uid)) return `${path} belongs to user ${owner}, who could replace files in it`;
  const isSticky = (mode & 0o1000) !== 0;
  if ((mode & others) === 0 || (isSticky && !isLast)) return undefined;
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0');
  return `other users can write in ${path}, which has mode ${permissions}: remove write access (chmod go-w)`;
}

function isTrusted(owner: number, uid: number): boolean {
  return owner === 0 || owner === uid;
}
