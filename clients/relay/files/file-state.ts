import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { codeOf } from './file-fault.ts';

/** Metadata that identifies a file and changes with every modification. */
export type FileState = Pick<
  BigIntStats,
  'dev' | 'ino' | 'mode' | 'uid' | 'gid' | 'nlink' | 'size' | 'mtimeNs' | 'ctimeNs'
>;

/**
 * Compares a file with an earlier state by its metadata, without reading it.
 *
 * @returns the difference as a clause, such as `is gone`, or undefined if the file is unchanged
 */
export async function difference(path: string, left: FileState): Promise<string | undefined> {
  try {
    return compare(await lstat(path, { bigint: true }), left);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'is gone' : `cannot be checked (${code ?? 'unknown'})`;
  }
}

function compare(found: BigIntStats, left: FileState): string | undefined {
  if (found.isSymbolicLink()) return 'was replaced by a link';
  if (found.isDirectory()) return 'was replaced by a folder';
  if (!found.isFile()) return 'was replaced by something that is not a regular file';
  if (found.mode !== left.mode) return `has mode ${octal(found.mode)}, not ${octal(left.mode)}`;
  if (found.uid !== left.uid) return `belongs to user ${found.uid}, not ${left.uid}`;
  if (found.gid !== left.gid) return `belongs to group ${found.gid}, not ${left.gid}`;
  if (found.nlink > left.nlink) return 'has a second name (a hard link)';
  const isSame = (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every((key) => found[key] === left[key]);
  return isSame ? undefined : 'was changed by another program';
}

function octal(mode: bigint): string {
  return (mode & 0o7777n).toString(8).padStart(4, '0');
}
